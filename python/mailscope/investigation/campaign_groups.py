"""Which suspect messages are one wave: joined by text, link, sender and host that ordinary mail does not share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mailscope.detect.phishing import SUSPECT, Judgement
from mailscope.detect.phishing_letter import Letter
from mailscope.investigation.scene import Scene

NEAR_BITS = 3
"""Texts whose simhash differs in at most so many of 64 bits are copies of each other."""

KEY_MEMBERS = 20_000
"""A key shared by more suspect messages than this joins none of them."""


def groups(incoming: Sequence[Judgement], scene: Scene) -> list[list[Judgement]]:
    """Suspect messages joined by keys, with less suspect copies of the same text or sender from the same host."""
    suspects = [j for j in incoming if j.score >= SUSPECT]
    if not suspects:
        return []
    ordinary = {host for j in incoming if j.score < SUSPECT for host in _hosts(j.letter)}
    parent = list(range(len(suspects)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    holders: dict[tuple[str, Any], list[int]] = defaultdict(list)
    for number, judgement in enumerate(suspects):
        for key in _keys(judgement.letter, scene, ordinary):
            holders[key].append(number)
    for numbers in holders.values():
        if len(numbers) <= KEY_MEMBERS:
            for number in numbers[1:]:
                parent[root(number)] = root(numbers[0])
    _join_near(suspects, parent, root)
    found: dict[int, list[Judgement]] = defaultdict(list)
    for number, judgement in enumerate(suspects):
        found[root(number)].append(judgement)
    by_origin = _by_origin(incoming, scene)
    return [_with_siblings(members, by_origin, scene) for members in found.values()]


def _keys(letter: Letter, scene: Scene, ordinary: set[str]) -> Iterable[tuple[str, Any]]:
    row = letter.row
    host = letter.sender_ip(scene.network)
    if row["text_simhash"] is not None:
        yield "text", row["text_simhash"]
    if row["body_sha256"]:
        yield "body", row["body_sha256"]
    for name in _hosts(letter) - ordinary:
        yield "link", name
    if host is not None:
        yield "sender", (host, letter.from_addr)
        if row["subject"]:
            yield "subject", (host, row["subject"])


def _hosts(letter: Letter) -> set[str]:
    return {link.host for link in letter.links}


def _join_near(suspects: Sequence[Judgement], parent: list[int], root: Any) -> None:
    """Joins texts that differ in at most NEAR_BITS: among four 16-bit pieces at least one is then equal."""
    bands: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for number, judgement in enumerate(suspects):
        value = judgement.letter.row["text_simhash"]
        if value is None:
            continue
        for piece in range(4):
            band = bands[(piece, value >> (16 * piece) & 0xFFFF)]
            for other, holder in band.items():
                if other != value and (other ^ value).bit_count() <= NEAR_BITS:
                    parent[root(number)] = root(holder)
            if len(band) < 500:
                band.setdefault(value, number)


def _by_origin(incoming: Sequence[Judgement], scene: Scene) -> dict[tuple[str, Any, Any], list[Judgement]]:
    """Messages with any mark against them, by what tells their origin."""
    found: dict[tuple[str, Any, Any], list[Judgement]] = defaultdict(list)
    for judgement in incoming:
        for mark in _origin(judgement.letter, scene) if judgement.facts else ():
            found[mark].append(judgement)
    return found


def _with_siblings(
    members: list[Judgement], by_origin: Mapping[tuple[str, Any, Any], list[Judgement]], scene: Scene
) -> list[Judgement]:
    """Adds messages that are less suspect by themselves: same host and same text, or same host and same From."""
    found = {member.letter.key: member for member in members}
    for member in members:
        for mark in _origin(member.letter, scene):
            for other in by_origin.get(mark, ()):
                found.setdefault(other.letter.key, other)
    return sorted(found.values(), key=lambda j: (j.letter.row["start"], j.letter.key))


def _origin(letter: Letter, scene: Scene) -> list[tuple[str, Any, Any]]:
    host = letter.sender_ip(scene.network)
    if host is None:
        return []
    text = letter.row["text_simhash"]
    return [("from", host, letter.from_addr), *([("text", host, text)] if text is not None else [])]
