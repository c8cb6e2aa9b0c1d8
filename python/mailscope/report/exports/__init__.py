"""A case in the shapes that other systems read: Zeek logs, Suricata's EVE, ECS, OCSF."""
