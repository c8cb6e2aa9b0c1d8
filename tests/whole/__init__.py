"""Promises that only the whole can keep: any capture, from bytes to what a person reads."""
