"""The sender queue for people and for programs."""
