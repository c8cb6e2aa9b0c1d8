"""What the collector of flow records says."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "collect.listening": "listening on {where}",
    "collect.metrics": "metrics on http://{where}/metrics",
    "collect.stored": "{records} records stored in {batches} batches; lost by sequence numbers: {lost}; dropped here: {drops}",
    "collect.refused": "the store refused a batch, which is kept and offered again: {why}",
    "collect.exporter": "{exporter} domain {observation_domain} {format}: {datagrams} datagrams, {records} records, lost {lost} {lost_unit}, {duplicates} twice, {late} late, sampling {sampling}",
}
