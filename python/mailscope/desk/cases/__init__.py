"""Cases: their states, their history, and where they are kept."""
