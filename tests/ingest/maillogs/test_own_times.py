"""Message ids that the server made tell the zone of its log."""

from datetime import timedelta, timezone

from mailscope.ingest.maillogs.reader import mail_log

LINE = (
    "Nov 22 04:{n:02}:50 smtp3 sendmail[1]: 6ALK5o840004{n:02}: from=<a@x.example>, size=9, nrcpts=1, "
    "msgid=<{stamp}.{id}@smtp3>, relay=[192.0.2.1]\n"
)


def times(tmp_path, lines, **options):
    path = tmp_path / "log"
    path.write_text("".join(lines))
    found = mail_log([path], **options)
    return found, [row.time.isoformat() for row in found.rows]


def own(n, stamp="2026112120"):
    return LINE.format(n=n, stamp=f"{stamp}{n:02}", id=f"6ALK5o840004{n:02}")


def test_own_ids_tell_zone_and_year(tmp_path):
    found, told = times(tmp_path, [own(n) for n in range(3)], year=2026)
    assert told[0] == "2026-11-21T20:00:50+00:00"
    assert "+8 hours" in found.notes[0]
    assert times(tmp_path, [own(n) for n in range(3)], year=2019)[1][0] == "2026-11-21T20:00:50+00:00"


def test_ids_of_clients_and_too_few_ids_tell_nothing(tmp_path):
    strange = [LINE.format(n=n, stamp=f"20261121{n:02}00", id="OTHER12345678") for n in range(9)]
    for lines in (strange, [own(1), own(2)], [own(n) for n in range(5)] + [own(n, "2026112107") for n in range(5, 10)]):
        found, told = times(tmp_path, lines, year=2026)
        assert told[0].startswith("2026-11-22T04")
        assert found.notes == []


def test_a_zone_that_is_given_counts(tmp_path):
    given = timezone(timedelta(hours=9))
    assert times(tmp_path, [own(n) for n in range(3)], zone=given, year=2026)[1][0] == "2026-11-21T19:00:50+00:00"
