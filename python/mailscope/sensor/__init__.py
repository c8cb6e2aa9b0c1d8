"""Live input: what comes from the network now, into the same tables."""
