"""The account adds up, whatever the tables hold."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailscope.detect.accounting.reasons import REASONS
from mailscope.detect.accounting.sessions import Valid, sessions
from mailscope.detect.accounting.totals import Account, AccountError, cells, checked
from mailscope.report.accounting.summary import summary
from tests.fixtures.rows import ibis_tables

pytestmark = pytest.mark.long

OUTCOMES = st.sampled_from(sorted(REASONS))
COUNTS = st.sampled_from([0, 0, 1, 3, 4, 900])
FLAGS = st.integers(0, 31)
PORTS = st.sampled_from([25, 110, 143, 465, 993, 80, 8080, 40001])
APPS = st.sampled_from(["smtp", "pop3", "imap", "http", "http+smtp", "smtp+tls", "tls", "ssh", "unknown", "none"])


@st.composite
def readings(draw):
    """Rows of every table, with any values at all."""
    rows = {"flows": [], "mail_sessions": [], "mail_transactions": [], "messages": []}
    rows |= {"tls_handshakes": [], "proxy_requests": []}
    for number in range(draw(st.integers(0, 60))):
        layers = draw(APPS)
        flow = {"flow_id": f"F{number}", "capture": draw(st.sampled_from(["a.pcap", "b.pcap"]))}
        flow |= {"app": layers.split("+")[0], "app_layers": "" if layers in ("unknown", "none") else layers}
        flow |= {"orig_port": draw(PORTS), "resp_port": draw(PORTS), "resp_addr": f"192.0.2.{draw(st.integers(1, 3))}"}
        flow |= {"oriented_by": draw(st.sampled_from(["syn", "port", "first-packet"]))}
        for side in ("orig", "resp"):
            flow |= {f"{side}_{what}": draw(COUNTS) for what in ("packets", "payload_bytes", "gap_bytes")}
            flow |= {f"{side}_tcp_flags": draw(FLAGS), f"{side}_cut_packets": draw(st.sampled_from([0, 0, 2]))}
        rows["flows"].append(flow)
        own = {"flow_id": flow["flow_id"]}
        for session in range(draw(st.sampled_from([0, 1, 1, 2]))):
            facts = {"session_id": f"F{number}/{session}", "protocol": draw(st.sampled_from(["smtp", "pop3", "imap"]))}
            facts |= {"outcome": draw(OUTCOMES), "tls": draw(st.sampled_from(["none", "starttls", "implicit"]))}
            facts |= {"via": draw(st.sampled_from(["direct", "http-connect", "socks5"]))}
            rows["mail_sessions"].append(own | facts)
        if draw(st.booleans()):
            mail_from = draw(st.sampled_from([None, "", "a@x.example"]))
            rows["mail_transactions"].append(own | {"mail_from": mail_from, "rcpt_count": draw(st.integers(0, 2))})
        if draw(st.booleans()):
            rows["messages"].append(own | {"from_addrs": draw(st.sampled_from([[], ["a@x.example"]]))})
        if draw(st.booleans()):
            rows["tls_handshakes"].append(own | {"alpn": draw(st.sampled_from([None, "h2", "smtp"]))})
        if draw(st.booleans()):
            target = {"target_port": draw(PORTS), "granted": draw(st.sampled_from(["yes", "no", "unknown"]))}
            rows["proxy_requests"].append(own | target | {"kind": "http-connect"})
    return rows


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(readings())
def test_classes_reasons_directions_and_parts_each_sum_to_the_total(rows):
    found = sessions(ibis_tables(**rows))
    count = int(found.count().to_pyarrow().as_py())
    account = checked(Account(cells(found)), count)
    total = summary(account, Valid(), [])["total"]
    assert sum(total["classes"].values()) == count == sum(total["directions"].values())
    assert sum(row["sessions"] for row in total["reasons"]) == count
    assert sum(row["sessions"] for row in total["class_port_app"]) == count
    assert sum(total["partition"].values()) == total["decoded"] <= total["valid"]
    assert sum(total["none_by_reason"].values()) == total["partition"]["none"]
    assert sum(total["decoded_directions"].values()) == total["decoded"]


def cell(**values):
    fields = dict.fromkeys(("mail_from_cmd", "mail_from", "mail_to_cmd", "mail_to"), False)
    base = {"count": 1, "class": "MAIL", "reason": "ehlo-only", "direction": "both", "valid": True, "decoded": True}
    return base | {"part": "none"} | fields | values


@pytest.mark.parametrize(
    "wrong",
    [
        {"class": "VOIP"},
        {"reason": "bad-luck"},
        {"direction": "sideways"},
        {"part": "undecoded"},
        {"mail_to": True},
        {"mail_to": True, "decoded": False, "part": "undecoded"},
    ],
)
def test_an_account_that_does_not_add_up_is_refused(wrong):
    checked(Account([cell()]), 1)
    with pytest.raises(AccountError, match="does not add up"):
        checked(Account([cell(**wrong)]), 1)


def test_a_session_lost_while_counting_is_refused():
    with pytest.raises(AccountError, match="1 sessions counted, 2 there"):
        checked(Account([cell()]), 2)
