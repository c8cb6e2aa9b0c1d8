"""Mailscope against what independent tools say of published captures."""
