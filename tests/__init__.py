"""Mailscope's tests: one folder for each layer, plus those of the whole."""
