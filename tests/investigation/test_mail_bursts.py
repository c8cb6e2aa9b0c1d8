"""Mails of one second from neighbours with nearly one size are a burst."""

from mailscope.ingest.maillogs.reader import mail_log
from mailscope.investigation.mail_bursts import bursts
from mailscope.investigation.mail_stories import stories

LINE = "Nov 3 08:24:{second:02} mail sendmail[{n}]: hA30OPt101{n:04}: from=<s{n}@x.example>, size={size}, class=0, nrcpts=1, msgid=<{n}@x>, proto=SMTP, daemon=MTA, relay=h{n}.x.example [{addr}] (may be forged)\n"


def found(tmp_path, mails):
    path = tmp_path / "maillog"
    path.write_text("".join(LINE.format(n=n, second=s, addr=a, size=b) for n, (s, a, b) in enumerate(mails)))
    return bursts(stories(mail_log([path], year=2003).rows))


def test_five_mails_of_one_second_from_three_neighbours_are_one_burst(tmp_path):
    near = ["216.22.24.81", "216.22.24.84", "216.22.24.85", "216.22.24.81", "216.22.24.84"]
    sizes = [6965, 6970, 6998, 6980, 6990]
    mails = [(25, addr, size) for addr, size in zip(near, sizes, strict=True)]
    (burst,) = found(tmp_path, [*mails, (25, "192.0.2.1", 6980), (25, "216.22.24.90", 90_000), (50, near[0], 6970)])
    assert (burst.network, len(burst.stories), burst.addrs) == ("216.22.24.0/24", 5, tuple(sorted(set(near))))
    assert (burst.smallest_bytes, burst.largest_bytes, burst.forged) == (6965, 6998, 5)


def test_two_mails_or_unlike_sizes_are_none(tmp_path):
    assert found(tmp_path, [(1, "192.0.2.1", 5000), (1, "192.0.2.2", 5000)]) == []
    assert found(tmp_path, [(1, "192.0.2.1", 5000), (1, "192.0.2.2", 6000), (1, "192.0.2.3", 7000)]) == []
