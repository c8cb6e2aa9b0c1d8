"""What is lost of a capture takes facts away and never turns one round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.fixtures import wire
from tests.whole import reading, traffic

pytestmark = pytest.mark.long

TALKS = ["smtp", "three-mails", "login-smtp-plain", "login-pop3", "login-imap-literal"]
THREE_MAILS = """
S: 220 mx.dept.example ESMTP
C: EHLO c.example
S: 250 mx
C: MAIL FROM:<one@client.example>
C: RCPT TO:<b@dept.example>
C: DATA
S: 250 2.1.0 ok
S: 250 2.1.5 ok
S: 354 go
C: Subject: the first of three, which is refused for what it says
C:
C: It is so long that it takes more than one packet to say it all, and no reader would wish for more.
C: .
S: 554 5.7.1 no such thing here
C: MAIL FROM:<two@client.example>
S: 250 2.1.0 ok
C: RCPT TO:<nobody@dept.example>
S: 550 5.1.1 unknown
C: RSET
S: 250 2.0.0 ok
C: MAIL FROM:<three@client.example>
S: 250 2.1.0 ok
C: RCPT TO:<b@dept.example>
S: 250 2.1.5 ok
C: DATA
S: 354 go
C: Subject: the third, which is taken
C:
C: It is as long as the first, and takes as many packets to be said, but this time the server likes it.
C: .
S: 250 2.0.0 queued as 4F1C2A3B
C: QUIT
S: 221 2.0.0 bye
"""
SAID = {
    "mail_sessions": ("authenticated",),
    "mail_transactions": ("mail_from", "mail_code", "data_code", "final_code", "delivered"),
    "logins": ("success",),
}
SILENT = {None, "unknown"}

Damage = Callable[[list[wire.Packet], int], list[wire.Packet]]


def one_lost(packets: list[wire.Packet], number: int) -> list[wire.Packet]:
    return wire.without(packets, lambda i, _: i == number)


def two_lost(packets: list[wire.Packet], number: int) -> list[wire.Packet]:
    return wire.without(packets, lambda i, _: i in (number, number + 3))


def all_after_lost(packets: list[wire.Packet], number: int) -> list[wire.Packet]:
    """Nothing more of the client than the packets that end the connection."""
    last = len(packets) - 3
    client = packets[0].frame[26:30]
    return wire.without(packets, lambda i, packet: number <= i < last and packet.frame[26:30] == client)


def many_lost(packets: list[wire.Packet], number: int) -> list[wire.Packet]:
    random = Random(number)
    return wire.without(packets, lambda _, packet: packet.payload and random.random() < 0.08)


def cut_short(packets: list[wire.Packet], number: int) -> list[wire.Packet]:
    return wire.cut(packets, 56 + number)


def talked(talk: str, client: str, ending: str) -> list[wire.Packet]:
    """The whole conversation, ended by FIN or by one side's RST."""
    if talk == "three-mails":
        conversation = wire.Conversation(f"{client}:40000", "192.0.2.25:25", mss=90).say(THREE_MAILS)
    else:
        conversation = traffic.talk(talk, 1, client=f"{client}:40000", mss=90)
    return (conversation.fin() if ending == "fin" else conversation.rst(from_client=ending == "client")).packets


def copies(talk: str, damage: Damage, ending: str) -> Iterator[tuple[str, list[wire.Packet]]]:
    """The same conversation by one client after another, each with another damage."""
    for number in range(3, 140):
        client = f"10.7.{number}.9"
        packets = talked(talk, client, ending)
        if damage not in (cut_short, many_lost) and number >= len(packets) - 3:
            return
        yield client, damage(packets, number)


@pytest.mark.parametrize("ending", ["fin", "client", "server"])
@pytest.mark.parametrize("damage", [one_lost, two_lost, many_lost, all_after_lost, cut_short])
@pytest.mark.parametrize("talk", TALKS)
def test_a_loss_takes_facts_away_and_turns_none_round(tmp_path: Path, talk: str, damage: Damage, ending: str) -> None:
    full = reading.rows(wire.write(tmp_path / "whole.pcap", talked(talk, "10.7.0.9", ending)))
    damaged = list(copies(talk, damage, ending))
    assert len(damaged) > 4
    found = reading.rows(wire.write(tmp_path / "damaged.pcap", wire.merged(*(packets for _, packets in damaged))))
    for client, _packets in damaged:
        for table, columns in SAID.items():
            rows = [row for row in found[table] if row["client_addr"] == client]
            assert len(rows) <= len(full[table])
            for row in rows:
                same = [whole for whole in full[table] if row.get("mail_from") in (None, whole.get("mail_from"))]
                for column in columns:
                    told = {whole[column] for whole in same} | SILENT
                    assert row[column] in told, (client, table, column, row[column])
    if "smtp" in talk and "login" not in talk:
        delivered = [row["delivered"] for row in found["mail_transactions"]]
        assert delivered.count("yes") > len(damaged) // 3


BLIND = """
C: EHLO c.example
C: MAIL FROM:<one@client.example>
C: RCPT TO:<b@dept.example>
C: DATA
C: Subject: the first of two, handed in without waiting for an answer
C:
C: Hello.
C: .
C: MAIL FROM:<two@client.example>
C: RCPT TO:<b@dept.example>
C: DATA
C: Subject: the second
C:
C: .
C: QUIT
S: 220 mx.dept.example ESMTP
S: 250 mx
S: 250 2.1.0 ok
S: 250 2.1.5 ok
S: 354 go
S: 250 2.0.0 queued
S: 250 2.1.0 ok
S: 250 2.1.5 ok
S: 354 go
S: 554 5.7.1 no
S: 221 2.0.0 bye
"""


def test_answers_tell_what_became_of_mails_handed_in_by_one_packet_that_is_cut(tmp_path: Path) -> None:
    packets = []
    for kept in range(30, 250, 10):
        talk = wire.Conversation(f"10.7.{kept}.9:40000", "192.0.2.25:25").say(BLIND).fin()
        packets += [wire.cut([p], 54 + kept)[0] if p.payload and p.from_client else p for p in talk.packets]
    rows = reading.rows(wire.write(tmp_path / "cut.pcap", packets))["mail_transactions"]
    assert [row["delivered"] for row in rows] == ["yes", "no"] * 22
    assert {row["mail_from"] for row in rows if row["delivered"] == "yes"} <= {None, "one@client.example"}
