"""What the packet sensor says."""

UNITS: dict[str, tuple[str, str]] = {}
TEMPLATES = {
    "sense.capturing": "capturing on {interface} into {store}",
    "sense.as-root": "note: decoding runs as root; `--user NAME` lets only the capture program keep its rights",
    "sense.gap-open": "from now on something is missed: {kind} ({detail})",
    "sense.gap-over": "something was missed: {kind} from {since} to {until} ({detail})",
    "sense.stored": "{packets} packets decoded, {records} flow records stored, {flows} flows open, {lag} s behind",
    "sense.ended": "{packets} packets decoded, {stored_records} flow records stored, {lost_rows} rows lost; received {received}, dropped by the kernel {kernel_drops}, by the interface {interface_drops}; {gaps} gaps",
}
