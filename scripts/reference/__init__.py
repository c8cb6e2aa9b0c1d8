"""The pages of docs/reference and the record classes, as text made from the code."""
