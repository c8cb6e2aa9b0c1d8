"""Names that are made to be taken for other names: letters alike, a letter more or less, a name inside a longer one."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from functools import lru_cache

from mailscope.detect.phishing_brands import BRANDS, ORDINARY_WORDS
from mailscope.detect.registrable import label_of, registrable, suffix_of

SHORTEST = 5
"""Labels shorter than this are too often alike by chance."""

# Letters that look like others (a small part of Unicode TR39's confusables: those of names in use).
_ALIKE = str.maketrans(dict(zip("0135$@аеорсухіјѕԁһкпмтвνοαιɡıłøđ", "olessaaeopcyxijsdhknmtbvoaigilod", strict=True)))
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_TOKENS = re.compile(r"[^\w]+|_")


def decoded(host: str) -> str:
    """The host with punycode labels as letters; a label that cannot be decoded stays.

    >>> decoded("xn--pypal-4ve.com")
    'pаypal.com'
    """
    labels = []
    for label in host.lower().split("."):
        if label.startswith("xn--"):
            with contextlib.suppress(UnicodeError):
                label = label[4:].encode("ascii").decode("punycode")
        labels.append(label)
    return ".".join(labels)


def skeleton(label: str) -> str:
    """A label with letters that look alike made equal.

    >>> skeleton("paypa1") == skeleton("paypal")
    True
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", label.lower()) if not unicodedata.combining(c))
    plain = bare.translate(_ALIKE).replace("l", "i").replace("|", "i")
    for pair, one in _PAIRS:
        plain = plain.replace(pair, one)
    return plain


def is_near(one: str, other: str) -> bool:
    """One letter more, less, other, or two swapped; equal names are not near."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
    longer, shorter = (left, right) if len(left) > len(right) else (right, left)
    return longer[1:] == shorter


def is_of_brand(domain: str, brand: str) -> bool:
    """The registrable domain belongs to the name."""
    for own in BRANDS[brand]:
        if own.endswith(".*"):
            if label_of(domain) == own[:-2]:
                return True
        elif domain == own:
            return True
    return False


@lru_cache(maxsize=1)
def _brand_labels() -> dict[str, tuple[str, str]]:
    """Label to its skeleton and the name it belongs to."""
    labels: dict[str, tuple[str, str]] = {}
    for brand, domains in BRANDS.items():
        for name in (brand.replace(" ", ""), *(domain.partition(".")[0] for domain in domains)):
            if name.isascii() and len(name) >= SHORTEST:
                labels.setdefault(name, (skeleton(name), brand))
    return labels


@lru_cache(maxsize=65_536)
def imitated_brand(host: str) -> str | None:
    """The name whose domain this host's registered label resembles without being it."""
    domain = registrable(host)
    label = decoded(label_of(host))
    if len(label) < SHORTEST:
        return None
    shape = skeleton(label)
    for name, (known, brand) in _brand_labels().items():
        if is_of_brand(domain, brand):
            return None
        if label != name and (known == shape or (len(name) > SHORTEST and is_near(label, name))):
            return brand
    return None


@lru_cache(maxsize=65_536)
def borrowed_brand(host: str) -> str | None:
    """The name that stands in a host of somebody else: `paypal.com.login.example`, `secure-paypal.example`."""
    domain = registrable(host)
    text = decoded(host)
    suffix = suffix_of(host)
    text = text.removesuffix("." + suffix) if suffix else text
    tokens = set(_TOKENS.split(text))
    for brand in BRANDS:
        name = brand.replace(" ", "")
        if not name.isascii() or len(name) < 3:
            continue
        is_inside = name in tokens or (len(name) >= 6 and brand not in ORDINARY_WORDS and name in text)
        if is_inside and not is_of_brand(domain, brand) and not (brand in ORDINARY_WORDS and domain.startswith(name)):
            return brand
    return None


@lru_cache(maxsize=65_536)
def imitated_own(host: str, own: tuple[str, ...]) -> str | None:
    """The owner's domain that this foreign host resembles or contains."""
    domain, label = registrable(host), decoded(label_of(host))
    text = decoded(host)
    for name in own:
        mine = registrable(name)
        if domain == mine:
            return None
        if f"{mine}." in text:
            return mine
        known = label_of(mine)
        if len(known) < SHORTEST:
            continue
        # The same label under another suffix is very often the same owner or nobody's imitation: a weaker case.
        if label != known and (skeleton(label) == skeleton(known) or is_near(label, known)):
            return mine
        if len(known) >= SHORTEST and known in _TOKENS.split(text) and label != known:
            return mine
    return None


@lru_cache(maxsize=16_384)
def brands_in_name(name: str) -> tuple[str, ...]:
    """Names of the list that stand as words in a display name."""
    words = f" {' '.join(_TOKENS.split(name.lower()))} "
    found = []
    for brand, plain in _brand_words():
        if (f" {plain} " in words) if brand.isascii() else (brand in name):
            found.append(brand)
    return tuple(found)


@lru_cache(maxsize=1)
def _brand_words() -> tuple[tuple[str, str], ...]:
    return tuple((brand, " ".join(_TOKENS.split(brand))) for brand in BRANDS)
