"""Flow records in CSV: nfdump's, Argus' (CTU-13's binetflow), our own tables', and others' with such columns."""

import re
from typing import Any

from mailscope.ingest.flow_rows import BadLine, address, flags, moment, number, port, protocol, span, whole

# Names of a column in lower case without `_`, `.`, `-` and blanks, by ours; the first that a file has is taken: those
# of nfdump, Argus, Zeek, SiLK, pmacct, IANA's registry of IPFIX elements, Elastic's common schema.
_NAMES = {
    "start": "start starttime ts firstseen first tstart flowstart timestamp stime flowstartmilliseconds "
    "flowstartseconds flowstartmicroseconds timestampstart timeflowstart eventstart",
    "end": "end endtime te lastseen last tend flowend etime flowendmilliseconds flowendseconds "
    "flowendmicroseconds timestampend timeflowend eventend",
    "duration": "dur td duration",
    "src_addr": "srcaddr sa origaddr srcip ipsrc sourceip sourceipaddress sourceaddress src sip sourceipv4address "
    "sourceipv6address",
    "dst_addr": "dstaddr da respaddr dstip ipdst destinationip destinationipaddress destinationaddress dst dip "
    "destinationipv4address destinationipv6address",
    "src_port": "srcport sp origport sport portsrc sourceport sourcetransportport",
    "dst_port": "dstport dp respport dport portdst destinationport destinationtransportport",
    "proto": "proto pr protocol ipproto pro protocolidentifier networktransport",
    "packets": "packets ipkt inpackets origpackets srcpackets srcpkts pkts packetdeltacount packettotalcount "
    "sourcepackets",
    "bytes": "bytes ibyt inbytes origipbytes srcbytes byt octetdeltacount octettotalcount sourcebytes",
    "reverse_packets": "reversepackets resppackets dstpackets dstpkts destinationpackets",
    "reverse_bytes": "reversebytes respipbytes dstbytes destinationbytes",
    "both_packets": "totpkts",
    "both_bytes": "totbytes",
    "tcp_flags": "tcpflags flg flags origtcpflags tcpcontrolbits",
    "reverse_tcp_flags": "reversetcpflags resptcpflags",
    "state": "state",
    "way": "dir",
    "sampling": "sampling samplingrate",
    "tos": "tos stos srctos",
    "input_if": "inputif in input",
    "output_if": "outputif out output",
    "src_as": "srcas sas",
    "dst_as": "dstas das",
    "exporter": "exporter ra router exporteraddress exporteripv4address sampleraddress observerip peeripsrc",
    "next_hop": "nexthop nh ipnexthopipv4address ipnexthopipv6address",
    "app": "app application",
    "event": "event",
    "ended": "ended",
}
_NEEDED = ("start", "src_addr", "dst_addr", "proto")
_COUNTERS = ("packets", "bytes", "reverse_packets", "reverse_bytes", "sampling")
_BESIDE = ("tos", "input_if", "output_if", "src_as", "dst_as")

_ARGUS_OF_IP = ("tcp", "udp", "icmp", "rtp", "rtcp", "udt", "ipv6-icmp")
"""Argus tells of ARP, LLC and others as well, with their own addresses."""


class Columns:
    """Which cell of a line is which of our columns."""

    def __init__(self, header: list[str]) -> None:
        plain = [re.sub(r"[\s_.-]", "", name).lower() for name in header]
        self.width = len(header)
        self.places: dict[str, int] = {}
        for ours, names in _NAMES.items():
            found = [plain.index(name) for name in names.split() if name in plain]
            if found:
                self.places[ours] = found[0]
        self.format = "binetflow" if {"both_packets", "state", "way"} <= self.places.keys() else "csv"

    def is_flows(self) -> bool:
        """Says whether there are the columns without which there is no flow record."""
        return all(name in self.places for name in _NEEDED)

    def row(self, cells: list[str]) -> dict[str, Any] | None:
        """The row of a line; None for one that tells of no IP flow (ARP, a sum at the end)."""
        if len(cells) != self.width:
            raise BadLine(f"it has {len(cells)} cells, its header {self.width}")
        known = {name: cells[place].strip() for name, place in self.places.items()}
        try:
            ends = {name: address(known[name]) for name in ("src_addr", "dst_addr")}
        except BadLine:
            if self.format == "binetflow" and known["proto"] not in _ARGUS_OF_IP:
                return None
            raise
        row: dict[str, Any] = {"format": self.format, "proto": protocol(known["proto"]), **ends}
        row["start"], row["end"] = span(moment(known["start"]), known.get("duration"))
        if known.get("end"):
            row["end"] = max(row["start"], moment(known["end"]))
        self._ports(row, known)
        row |= {name: number(name, known[name]) for name in _COUNTERS if known.get(name)}
        row |= {name: _number_told(name, known[name]) for name in _BESIDE if known.get(name)}
        row |= {
            n: flags(known[n]) for n in ("tcp_flags", "reverse_tcp_flags") if known.get(n) and row["proto"] == "tcp"
        }
        row |= {name: known[name] for name in ("app", "event", "ended") if known.get(name)}
        unset = ("", "0.0.0.0", "::")  # noqa: S104 - what nfdump writes where there is no next hop
        row |= {
            n: host for n in ("exporter", "next_hop") if known.get(n, "") not in unset and (host := _told(known[n]))
        }
        if self.format == "binetflow":
            _argus(row, known)
        return row

    @staticmethod
    def _ports(row: dict[str, Any], known: dict[str, str]) -> None:
        if row["proto"] not in ("icmp", "icmp6"):
            row |= {"src_port": port(known.get("src_port")), "dst_port": port(known.get("dst_port"))}
            return
        # nfdump writes `type.code` where others have the destination's port; Argus type and code as two ports.
        kind, dot, code = known.get("dst_port", "").partition(".")
        if dot:
            row |= {"icmp_type": whole(kind, 255), "icmp_code": whole(code, 255)}
        elif "0x" in known.get("src_port", ""):
            row |= {"icmp_type": whole(known["src_port"]) & 0xFF, "icmp_code": (whole(kind) if kind else 0) & 0xFF}
        elif kind:
            row |= {"icmp_type": port(kind) >> 8, "icmp_code": port(kind) & 0xFF}


def _told(text: str) -> str | None:
    """An address beside the two ends; what is none, as `0` or a name, costs no flow."""
    try:
        return address(text)
    except BadLine:
        return None


def _number_told(column: str, text: str) -> int | None:
    """A number beside the counters; what is none, as an interface's name, costs no flow."""
    try:
        return number(column, text)
    except BadLine:
        return None


def _argus(row: dict[str, Any], known: dict[str, str]) -> None:
    """Argus counts packets of both directions together, and bytes of both and of the source."""
    packets, size = whole(known["both_packets"]), whole(known["both_bytes"])
    row["reverse_bytes"] = max(0, size - row.get("bytes", size))
    if row["reverse_bytes"] == 0:
        row |= {"packets": packets, "reverse_packets": 0}
    elif row.get("bytes") == 0:
        row |= {"packets": 0, "reverse_packets": packets}
    elif row["proto"] in ("icmp", "icmp6"):  # an answer to a ping is as long as its request
        asked = round(packets * row["bytes"] / size)
        row |= {"packets": asked, "reverse_packets": packets - asked}
    source, _, destination = known["state"].partition("_")
    if row["proto"] == "tcp":
        row |= {"tcp_flags": flags(source), "reverse_tcp_flags": flags(destination)}
    row["ended"] = known["state"] or None
    if known["way"].strip() in ("<-", "<?") or (known["way"].strip().startswith("<") and ">" not in known["way"]):
        for one, other in (("src_addr", "dst_addr"), ("src_port", "dst_port"), ("packets", "reverse_packets"),
                           ("bytes", "reverse_bytes"), ("tcp_flags", "reverse_tcp_flags")):  # fmt: skip
            row[one], row[other] = row.get(other), row.get(one)
