import pytest

from mailscope.desk.complaints.quoted_heads import quoted_heads, went_to_abuse, without_heads
from mailscope.desk.complaints.times import Context, events

HEAD = "From: bob@v.example\nSent: Monday, March 2, 2026 6:08 PM\nTo: {to}\nSubject: x\n"
CHINESE = "发件人: a@v.example\n发送时间: 2026年3月2日 18:08\n收件人: {to}\n主题: x\n"


@pytest.mark.parametrize("head", [HEAD, CHINESE, "".join(f"> {line}\n" for line in HEAD.splitlines())])
def test_the_time_of_a_quoted_head_is_not_the_events(head):
    text = head.format(to="u@v.example") + "\nit came at 2026-03-01 01:02:03 UTC\n"
    assert [str(moment) for moment in events(text, Context())] == ["2026-03-01T01:02:03Z"]


def test_it_counts_where_there_is_no_other_unless_the_complaint_itself_is_quoted():
    assert len(events(HEAD.format(to="u@v.example") + "\nspam\n", Context())) == 1
    assert events(HEAD.format(to="abuse@own.example") + "\nspam\n", Context()) == []


def test_labelled_lines_of_a_report_are_no_head():
    assert quoted_heads("IP: 10.1.1.1\nDate: 2026-03-02 01:02:03\nSubject: x\n") == []


@pytest.mark.parametrize("line", ["On Mon, Mar 2, 2026 at 6:08 PM, Bob wrote:", "在 2026年3月2日 18:08，王 写道："])
def test_who_wrote_when_is_a_head(line):
    assert len(quoted_heads(f"hi\n{line}\n> text\n")) == 1


def test_blanking_moves_nothing():
    text = "a\n" + HEAD + "b"
    blank = without_heads(text, quoted_heads(text))
    assert (len(blank), blank.count("\n"), blank.split()) == (len(text), text.count("\n"), ["a", "b"])


def test_abuse_mailboxes_are_known_by_their_role():
    assert went_to_abuse("Desk <Abuse+tw@own.example>")
    assert not went_to_abuse("no-abuse@own.example, x@abuse.example")
