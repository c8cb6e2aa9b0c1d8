"""Notices: composed from templates, sent once, tracked."""
