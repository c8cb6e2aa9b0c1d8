"""The registry answered to others: RWhois (RFC 2167) and RDAP (RFC 9082, 9083)."""
