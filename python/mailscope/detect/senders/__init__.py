"""Hosts that send mail as no ordinary host does, from flow records: figures, baselines, signals, verdicts."""
