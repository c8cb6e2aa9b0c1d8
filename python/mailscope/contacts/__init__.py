"""Who is responsible for an address: prefixes, contacts, where they were learnt, and serving them to others."""
