"""Where contacts and routes are learnt, one source a file; the only place of this package that opens connections."""
