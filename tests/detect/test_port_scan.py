"""Scans told from ordinary connections, by their shape alone."""

from datetime import timedelta

from mailscope.detect.port_scan import PORTS_LEAST, vertical_scans
from tests.fixtures.rows import START, ibis_tables


def attempt(number, port, host="192.0.2.1", *, opened=False, after=0.01):
    at = START + timedelta(seconds=number * after)
    return {
        "flow_id": f"F{number:016x}", "first_packet": 2 * number + 1, "last_packet": 2 * number + 2, "start": at,
        "end": at, "orig_addr": "198.51.100.7", "resp_addr": host, "resp_port": port, "resp_packets": 1,
        "handshake": "full" if opened else "syn", "closed": "reset-by-orig" if opened else "reset-by-resp",
    }  # fmt: skip


def found(scans, flows):
    return scans(ibis_tables(flows=flows)("flows")).to_pyarrow().to_pylist()


def test_many_refused_ports_are_a_scan_that_knows_what_was_open():
    flows = [attempt(n, 20 + n, opened=n in (3, 5)) for n in range(PORTS_LEAST + 5)]
    (scan,) = found(vertical_scans, flows)
    assert (scan["ports"], sorted(scan["answered"])) == (PORTS_LEAST + 5, [23, 25])
    assert (scan["first_packet"], scan["last_packet"]) == (1, 2 * (PORTS_LEAST + 5))


def test_few_ports_are_none():
    assert found(vertical_scans, [attempt(n, 20 + n) for n in range(PORTS_LEAST - 1)]) == []


def test_many_open_ports_are_none():
    assert found(vertical_scans, [attempt(n, 20 + n, opened=True) for n in range(PORTS_LEAST * 2)]) == []


def test_a_long_pause_ends_a_scan():
    early = [attempt(n, 20 + n) for n in range(PORTS_LEAST)]
    late = [attempt(n + 1000, 200 + n, after=1) for n in range(PORTS_LEAST)]
    assert len(found(vertical_scans, early + late)) == 2


def test_a_scan_that_takes_hours_is_one():
    flows = [attempt(n, 20 + n, after=300) for n in range(PORTS_LEAST * 2)]
    (scan,) = found(vertical_scans, flows)
    assert scan["ports"] == PORTS_LEAST * 2


def test_a_port_whose_server_greets_is_open():
    flows = [attempt(n, 20 + n) for n in range(PORTS_LEAST + 5)]
    flows[5] |= {"handshake": "full", "resp_payload_bytes": 40}
    (scan,) = found(vertical_scans, flows)
    assert scan["answered"] == [25]


def test_an_empty_connection_long_after_the_refused_ones_is_not_part_of_it():
    flows = [attempt(n, 20 + n) for n in range(PORTS_LEAST)] + [attempt(4000, 80, opened=True)]
    (scan,) = found(vertical_scans, flows)
    assert scan["attempts"] == PORTS_LEAST
