"""The desk on paper: one self-contained page for a case, one for all; no script, nothing from elsewhere."""
