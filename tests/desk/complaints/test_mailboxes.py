"""Every kind of mailbox, and every way a `From ` line of a text is quoted in an mbox."""

import io
import sys

import pytest

from mailscope.desk.complaints.mailboxes import is_mail, mails
from mailscope.errors import InputError

SEPARATOR = b"From a@x.example Sat Nov 21 20:12:51 2026\n"
MAIL = b"From: a@x.example\nSubject: s\n\n"


def bodies(path):
    return [mail.data.partition(b"\n\n")[2].strip() for mail in mails(str(path))]


def box(tmp_path, *texts):
    path = tmp_path / "box"
    path.write_bytes(b"".join(SEPARATOR + text + b"\n" for text in texts))
    return path


def test_mboxo_and_mboxrd_take_one_quote_mark_off(tmp_path):
    path = box(tmp_path, MAIL + b">From here\n>>From there\n> From not\n", MAIL + b"two\n")
    assert bodies(path) == [b"From here\n>From there\n> From not", b"two"]


def test_mboxcl2_is_read_by_its_length_and_not_split_at_from(tmp_path):
    text = b"one\n\nFrom b@x.example Sat Nov 21 20:12:51 2026\nFrom: x\n\n"
    path = box(tmp_path, MAIL.replace(b"\n\n", b"\nContent-Length: %d\n\n" % len(text)) + text, MAIL + b"two\n")
    assert bodies(path) == [text.strip(), b"two"]


def test_a_length_that_is_not_true_is_not_believed(tmp_path):
    path = box(tmp_path, MAIL.replace(b"\n\n", b"\nContent-Length: 99999\n\n") + b"one\n", MAIL + b"two\n")
    assert bodies(path) == [b"one", b"two"]


def test_from_at_a_line_start_without_an_empty_line_before_it_ends_nothing(tmp_path):
    assert len(bodies(box(tmp_path, MAIL + b"text\n" + SEPARATOR + b"Received: not a header\n"))) == 1


def test_line_ends_of_windows(tmp_path):
    path = box(tmp_path, MAIL + b"one\n", MAIL + b"two\n")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(list(mails(str(path)))) == 2


def test_maildir_mail_files_and_folders(tmp_path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / "dir" / name).mkdir(parents=True)
        (tmp_path / "dir" / name / "1.x").write_bytes(MAIL + name.encode())
    assert bodies(tmp_path / "dir") == [b"new", b"cur"]
    (tmp_path / "one.eml").write_bytes(MAIL + b"one")
    assert bodies(tmp_path / "one.eml") == [b"one"]
    (tmp_path / "dir" / "tmp").rename(tmp_path / "dir" / "other")
    assert len(bodies(tmp_path)) == 4 or len(bodies(tmp_path)) == 3


def test_a_pipe_gives_one_mail(monkeypatch):
    monkeypatch.setattr(sys, "stdin", type("Pipe", (), {"buffer": io.BytesIO(MAIL + b"piped")})())
    assert bodies("-") == [b"piped"]


def test_an_empty_mailbox_has_no_mail_an_empty_mail_is_one_of_nothing_and_a_missing_file_an_error(tmp_path):
    for name, found in (("abuse.mbox", []), ("a.eml", [b""])):
        (tmp_path / name).write_bytes(b"")
        assert bodies(tmp_path / name) == found
    with pytest.raises(InputError):
        list(mails(str(tmp_path / "none")))


def test_reports_that_are_no_mail_are_told_apart():
    assert is_mail(b"x-info:abc\nFrom: a\n")
    assert not is_mail(b'{"Version": "1"}')
    assert not is_mail(b"http://x.example/\n")
