"""What a reader of one format found in a mail."""

from dataclasses import dataclass, field

from mailscope.desk.complaints.networks import Networks
from mailscope.desk.complaints.times import Context, Moment


@dataclass(slots=True)
class Accusation:
    """One accused address, with what is told of it and where each of these facts stands in the mail."""

    address: str
    time: Moment | None = None
    port: int | None = None
    category: str | None = None
    responsible: str | None = None
    where: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Claim:
    """A complaint as its format tells it; `doubts` bring it before a person, `not_complaint` names why it is none."""

    format: str
    accused: list[Accusation] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    category_where: str = ""
    doubts: list[str] = field(default_factory=list)
    not_complaint: str | None = None
    subject_of: str | None = None
    """What is complained about where it is no address: a URL, a domain, an account."""
    quoted_id: str | None = None
    """The Message-ID of the quoted mail."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What readers are given beside the mail."""

    networks: Networks
    context: Context
