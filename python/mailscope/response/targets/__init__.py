"""Where a block takes effect: one file a kind of device."""
