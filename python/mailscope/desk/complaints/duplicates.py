"""The same complaint sent twice: by its Message-ID, or by saying the same of the same with the same evidence.

A Message-ID alone joins nothing: a mail that bears a known one but accuses somebody else is its own complaint,
or anyone could make a complaint vanish by guessing an id.
"""

import re
from hashlib import blake2b

from mailscope.desk.complaints.complaint import Complaint

_WORD = re.compile(r"[\w.@/-]{3,}")
SIMILAR = 0.8
"""Share of words that two texts have in common to be the same evidence."""
MAX_WORDS = 400
MAX_KEPT = 200_000


class Joiner:
    """Remembers complaints; answers for the next one which earlier one it repeats."""

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[Complaint, frozenset[bytes]]] = {}
        self._by_claim: dict[tuple[object, ...], list[tuple[Complaint, frozenset[bytes]]]] = {}
        self._count = 0

    def duplicate_of(self, complaint: Complaint, text: str, quoted_id: str | None) -> Complaint | None:
        """The first complaint that says the same; remembers this one otherwise."""
        words = _words(text)
        addresses = tuple(sorted(party.ip for party in complaint.parties))
        known = self._by_id.get(complaint.message_id or "")
        if known and tuple(sorted(party.ip for party in known[0].parties)) == addresses and _similar(known[1], words):
            return known[0]
        keys: list[tuple[object, ...]] = [(addresses, complaint.category, complaint.time)] if addresses else []
        if quoted_id and addresses:
            keys.append((addresses, quoted_id, complaint.reporter))
        for key in keys:
            for earlier, its_words in self._by_claim.get(key, ()):
                if _similar(its_words, words) and earlier.reporter == complaint.reporter:
                    return earlier
        self._remember(complaint, words, keys)
        return None

    def _remember(self, complaint: Complaint, words: frozenset[bytes], keys: list[tuple[object, ...]]) -> None:
        if self._count >= MAX_KEPT:
            return
        self._count += 1
        if complaint.message_id:
            self._by_id.setdefault(complaint.message_id, (complaint, words))
        for key in keys:
            kept = self._by_claim.setdefault(key, [])
            if len(kept) < 50:
                kept.append((complaint, words))


def _words(text: str) -> frozenset[bytes]:
    """Short hashes of a text's words."""
    found = dict.fromkeys(_WORD.findall(text[:40_000]))
    return frozenset(
        blake2b(word.encode("utf-8", "replace"), digest_size=6).digest() for word in list(found)[:MAX_WORDS]
    )


def _similar(one: frozenset[bytes], other: frozenset[bytes]) -> bool:
    if not one or not other:
        return one == other
    return len(one & other) / len(one | other) >= SIMILAR
