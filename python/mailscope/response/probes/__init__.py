"""Probes of hosts of the own network: whether a server relays, whether a proxy opens a way to port 25."""
