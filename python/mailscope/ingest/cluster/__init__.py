"""Captures decoded on a cluster of machines: packets are dealt out by hosts, and each part is decoded by the core."""
