"""The abuse desk: complaints become cases, cases become notices, and nothing of it can be rewritten."""
