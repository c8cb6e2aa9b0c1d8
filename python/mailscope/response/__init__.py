"""Stopping a sender: a plan is shown, then applied, and can be undone; only inside one's own network."""
