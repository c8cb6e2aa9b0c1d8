"""One file a form, numbered."""
