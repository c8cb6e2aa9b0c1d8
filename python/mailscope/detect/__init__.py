"""Facts to findings: one detector, one file; expressions over tables, so that any engine can run them."""
