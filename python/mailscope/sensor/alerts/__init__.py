"""Alerts: what began, goes on too long or is over, told once by mail, webhook or syslog."""
