import json
import re

from mailscope.sensor.alerts.alert import Alert, cef, json_text, line, syslog

HOSTILE = 'a|b=c\\d"e]f\x1b[2J\r\nBcc: x@evil.example\u202e'


def alert(subject="192.0.2.7", what="it sends", **more):
    return Alert("abnormal-sender", subject, "new", what, "2026-11-22T04:30:00.000Z", 8, **more)


def test_cef_has_its_seven_fields_and_names_the_source():
    text = cef(alert(figures={"flows": 120}), "1.0")
    assert text.startswith("CEF:0|Mailscope|Mailscope|1.0|abnormal-sender|abnormal-sender new|8|rt=1795321800000 ")
    assert "src=192.0.2.7 cnt=120 msg=it sends" in text
    assert "c6a2=2001:db8::7 c6a2Label=" in cef(alert("2001:db8::7"), "1.0")


def test_hostile_text_ends_no_field_of_cef():
    text = cef(alert(HOSTILE, HOSTILE), "1|0")
    assert re.split(r"(?<!\\)\|", text)[4:7] == ["abnormal-sender", "abnormal-sender new", "8"]
    assert text.startswith("CEF:0|Mailscope|Mailscope|1\\|0|")
    assert "a|b\\=c\\\\d" in text
    assert not re.search(r"[\x00-\x1f\u202e]", text)


def test_syslog_is_one_line_of_rfc_5424_with_its_facts_escaped():
    data = syslog(alert(HOSTILE, HOSTILE), host="ho st\x00", process=7, body=line(alert(what=HOSTILE)))
    text = data.decode()
    head = r'<28>1 2026-11-22T04:30:00\.000Z ho-st- mailscope 7 abnormal-sender \[mailscope@32473 kind="ab'
    assert re.match(head, text)
    assert '\\"e\\]f' in text
    assert not re.search(r"[\x00-\x1f\u202e]", text)
    assert "\ufeffabnormal-sender new: a|b" in text


def test_syslog_is_cut_between_characters():
    data = syslog(alert(what="x"), host="h", process=1, body="麥" * 5000)
    assert len(data) <= 2048
    data.decode()


def test_json_is_ascii_whatever_comes():
    values = json.loads(json_text(alert(HOSTILE, HOSTILE)))
    assert values["subject"] == HOSTILE
    assert json_text(alert(HOSTILE, HOSTILE)).isascii()
