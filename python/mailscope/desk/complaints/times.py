"""Times in what people write: when, how exactly, and how sure the zone is.

A time in a complaint is any of a dozen spellings, in the reporter's zone, with the zone beside it, somewhere
else in the text, or nowhere. A moment that comes out of here says which, and how far it may be off.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailscope.desk.complaints.quoted_heads import quoted_heads, without_heads

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_MONTHS |= {
    "mrz": 3,
    "mai": 5,
    "okt": 10,
    "dez": 12,
    "ene": 1,
    "abr": 4,
    "ago": 8,
    "dic": 12,
    "fév": 2,
    "avr": 4,
    "aoû": 8,
    "déc": 12,
}
_MON = r"(?P<mon>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrz|mai|okt|dez|ene|abr|ago|dic|fév|avr|aoû|déc)[a-zé]{0,7}\.?"
_ZONES = {
    "Z": 0, "UTC": 0, "UT": 0, "GMT": 0, "WET": 0, "WEST": 60, "BST": 60, "IST": 330, "CET": 60, "MET": 60, "MEZ": 60,
    "CEST": 120, "MEST": 120, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180, "TRT": 180, "PKT": 300, "ICT": 420,
    "WIB": 420, "HKT": 480, "SGT": 480, "AWST": 480, "PHT": 480, "MYT": 480, "TST": 480, "JST": 540, "KST": 540,
    "ACST": 570, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "BRT": -180, "ART": -180, "AST": -240,
    "EDT": -240, "EST": -300, "CDT": -300, "CST": -360, "MDT": -360, "MST": -420, "PDT": -420, "PST": -480,
    "AKST": -540, "HST": -600,
}  # fmt: skip
_PLACES = {
    "北京": 480,
    "中国": 480,
    "中國": 480,
    "台北": 480,
    "臺北": 480,
    "台湾": 480,
    "臺灣": 480,
    "台灣": 480,
    "香港": 480,
    "东八区": 480,
    "東八區": 480,
}
_PLACES |= {
    "新加坡": 480,
    "东京": 540,
    "東京": 540,
    "日本": 540,
    "首尔": 540,
    "世界": 0,
    "协调世界": 0,
    "格林威治": 0,
    "格林尼治": 0,
    "標準格林": 0,
}
_PLACE = "|".join(sorted(_PLACES, key=len, reverse=True))
_OFFSET = r"[+-]\d{1,2}:?\d{2}|(?:UTC|GMT)\s?[+-]\s?\d{1,2}(?::?\d{2})?|[+-]\d{1,2}(?![\d:/.-])"
_NAME = r"(?:" + "|".join(sorted(_ZONES, key=len, reverse=True)) + r")(?![A-Za-z0-9/_])"
_AREA = r"(?:Africa|America|Asia|Atlantic|Australia|Europe|Pacific|Indian|Etc)/[A-Za-z_+\-0-9]{2,30}"
_WORDS = r"(?P<cn>(?:" + _PLACE + r")(?:標準|标准)?(?:时间|時間|时|時)?)"
_ZONE = (
    r"(?:\s{0,2}[\[(,]?\s?(?:(?P<offset>"
    + _OFFSET
    + r")|(?P<area>"
    + _AREA
    + r")|(?P<zone>"
    + _NAME
    + r")|"
    + _WORDS
    + r"))?"
)
_TIME = r"(?P<h>\d{1,2})\s?:\s?(?P<m>\d{2})(?:\s?:\s?(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?(?:\s?(?P<ap>[ap]\.?m\b\.?))?(?:\s?(?:Uhr|Z(?=\s)|h\b))?"
_GAP = r"(?:[\s,;T]|at|um|kl\.|à|às|alle|om|@|-\s){1,5}"
_PART = r"(?:(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上|夜间|夜間)\s?)?"
_SPOKEN = r"(?P<h>\d{1,2})\s?(?:[:时時点點])\s?(?:(?P<m>\d{1,2})\s?[分:]?)?(?:\s?(?P<s>\d{1,2})\s?秒?)?"

_SHAPES = (
    r"(?<![\d.])(?P<d>\d{1,2})/" + _MON + r"/(?P<y>\d{4}):" + _TIME + _ZONE,
    r"(?<![\d.])(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?[ -]" + _MON + r",?[ -](?P<y>\d{4}|\d{2}(?!\d|:))" + _GAP + _TIME + _ZONE,
    r"(?<!\w)" + _MON + r"\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})" + _GAP + _TIME + _ZONE,
    r"(?<!\w)" + _MON + r"\s+(?P<d>\d{1,2})\s+" + _TIME + r"(?:\s(?P<zone2>" + _NAME + r"|[+-]\d{4}))?\s(?P<y>(?:19|20)\d{2})(?!\d|:)",
    r"(?<![\d./])(?P<y>(?:19|20)\d{2})(?P<sep>[-/.])(?P<mo>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?:" + _GAP + r"|\s?[_+]|:(?=\d\d:\d\d:\d\d)|(?=[上下中凌早傍晚夜]))" + _PART + _TIME + _ZONE,
    r"(?<![\d./])(?:(?P<y>(?:19|20)\d{2})|(?P<roc>1[0-3]\d))(?P<sep>[-/.])(?P<mo>\d{1,2})(?P=sep)(?P<d>\d{1,2})\s{0,2}" + _PART + r"(?:(?<=[午晨上晚间間])|(?<=\s))" + _SPOKEN + _ZONE,
    r"(?<![\w.])(?P<y>(?:19|20)\d{2})(?P<mo>[01]\d)(?P<d>[0-3]\d)[T _-]?(?P<h>[0-2]\d):?(?P<m>[0-5]\d):?(?P<s>[0-5]\d)(?![\d])" + _ZONE,
    r"(?<![\d.])(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2}(?![\d:]))" + _GAP + _PART + _TIME + _ZONE,
    r"(?<![\d/.-])(?P<mo>\d{1,2})/(?P<d>\d{1,2})(?:/(?P<y>\d{2}|\d{4}))?-(?=\d\d:\d\d:\d\d\.\d)" + _TIME + _ZONE,
    r"(?<!\w)" + _MON + r"\s{1,2}(?P<d>\d{1,2})\s" + _TIME + _ZONE,
    r"(?:(?:(?:中華)?民[國国]\s?(?P<roc>\d{2,3})|(?P<y>(?:19|20)\d{2}))\s?年\s?|(?<!年)(?<!年 )(?<!\d))(?P<mo>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号號]?,?\s?" + _PART + _SPOKEN + _ZONE,
    r"(?<![\w.:/-])(?P<epoch>(?:1[0-9]|2[01])\d{8})(?:\.\d{1,6})?(?![\w/-]|\.\d)",
)  # fmt: skip
_PATTERNS = tuple(re.compile(shape, re.I) for shape in _SHAPES)
_CLOCK = re.compile(
    r"(?<![\d:.T])(?P<h>[0-2]?\d):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)(?:\.(?P<f>\d{1,9}))?)?(?![\d:])" + _ZONE, re.I
)
_DAY = re.compile(
    r"(?<![\d./-])(?:(?P<y>(?:19|20)\d{2})(?P<sep>[-/.])(?P<mo>\d{1,2})(?P=sep)(?P<d>\d{1,2})|(?P<d2>\d{1,2})[ -]"
    + _MON
    + r"[ -](?P<y2>(?:19|20)\d{2}))(?![\d/:T-]|\.\d)",
    re.I,
)
_STATED = re.compile(
    r"(?:(?P<offset>(?:UTC|GMT)\s?[+-]\s?\d{1,2}(?::?\d{2})?)|(?<![A-Za-z0-9/+])(?P<zone>UTC|GMT)(?![A-Za-z0-9/_+-])|(?P<area>"
    + _AREA
    + r")"
    r"|(?:time ?zone|timezone|tz|时区|時區)\s?(?:is|为|為)?\s?[:=：]?\s{0,2}(?P<after>(?:UTC|GMT)?\s?[+-]\d{1,2}(?::?\d{2})?|"
    + _NAME
    + r")"
    r"|(?:times?|clock|timestamps?|logs?)\b[^.\n]{0,24}?\b(?:in|is|are|:)\s(?P<named>(?:UTC|GMT)\s?[+-]\s?\d{1,2}(?::?\d{2})?|[+-]\d{2}:?\d{2}|"
    + _NAME
    + r")"
    r"|(?P<cn>(?:" + _PLACE + r")(?:標準|标准)?(?:时间|時間))|(?P<cn2>东八区|東八區))",
    re.I,
)
_NOT_THE_EVENT = re.compile(
    r"\b(?:notice|report(?:ed|ing)?|sent|generated|created|issued|complaint|expir\w*|valid|updated|deadline|until|printed|last[- ]modified"
    r"|registered)(?:[ _-]?(?:date|time|at|on|to|is|the|system|blocklist\.de-system|created|until|by))*[\s*:=(\[]{1,4}$",
    re.I,
)


_A_NUMBER = re.compile(
    r"(?<!\w)(?!(?:time|epoch|timestamp|ts|at|on|seen|date|since|unix)\b)[A-Za-z_#]\w*[\s=:#(]*$", re.I
)
"""A word before ten digits that makes them a number of something else, such as `seq 1766062543`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC; `off_by` seconds either way; `zone` says where the zone was found."""

    at: datetime
    off_by: float
    zone: str
    start: int = 0
    end: int = 0
    local_offset: int | None = None
    """Minutes east of UTC that the time was written in, where that is told."""

    def __str__(self) -> str:
        return self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Context:
    """What a text without a zone or year is read with: when the mail was sent, and its zone in minutes."""

    sent: datetime | None = None
    offset: int | None = None

    @classmethod
    def of_date(cls, value: str) -> "Context":
        """The context that a `Date` field gives; `-0000` says that the zone is not known (RFC 5322, 3.3)."""
        try:
            when = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            found = next(moments(value, cls()), None)
            return cls(found.at, None) if found else cls()
        if when.tzinfo is None:
            return cls(when.replace(tzinfo=UTC), None)
        offset = when.utcoffset() or timedelta()
        return cls(when.astimezone(UTC), int(offset.total_seconds() // 60))


SURE, ELSEWHERE, ASSUMED, UNKNOWN = "beside", "in-text", "of-date-field", "unknown"
ZONE_DOUBT = {SURE: 0.0, ELSEWHERE: 0.0, ASSUMED: 3600.0, UNKNOWN: 50400.0}
"""Seconds that a time may be off for its zone: the sender's own zone may lack summer time; no zone may be any."""
FUTURE = timedelta(days=1)


def parsed(value: str, context: Context | None = None, stated: int | None = None) -> Moment | None:
    """The first moment of a short value, such as a field of a report."""
    return next(moments(value, context or Context(), stated), None)


def stated_offset(text: str) -> int | None:
    """Minutes of the one zone that a text names apart from its times; None where none or several are named."""
    found = {offset for match in _STATED.finditer(text) if (offset := _offset(match)) is not None}
    return found.pop() if len(found) == 1 else None


def moments(text: str, context: Context, stated: int | None = None) -> Iterator[Moment]:
    """Every moment of an undisguised text, in its order; `stated` is a zone that the text around it names."""
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, re.Match[str]]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                taken.append(match.span())
                found.append((match.start(), match))
            if len(taken) > 400:
                break
    stated = stated_offset(text) if stated is None else stated
    for _, match in sorted(found, key=lambda item: item[0]):
        if moment := _moment(match, context, stated):
            yield moment
    if all(match.groupdict().get("epoch") for _, match in found):
        yield from _clock_moments(text, context, stated)


def events(text: str, context: Context) -> list[Moment]:
    """The moments that may be the event's: not those named as the notice's or the report's own.

    The time in the head of a quoted mail counts only where there is no other, and never that of a mail to an abuse
    mailbox: then the complaint itself is quoted.
    """
    heads = quoted_heads(text)
    found = _told(without_heads(text, heads), context)
    if found or not heads:
        return found
    return _told(without_heads(text, [head for head in heads if head.is_complaint]), context)


def _told(text: str, context: Context) -> list[Moment]:
    return [
        moment
        for moment in moments(text, context)
        if not _NOT_THE_EVENT.search(text[max(moment.start - 44, 0) : moment.start].rsplit("\n", 1)[-1])
    ]


def _clock_moments(text: str, context: Context, stated: int | None) -> Iterator[Moment]:
    """Times of day whose day is told once in the text, as above a log excerpt."""
    days = list(_DAY.finditer(text))
    if len({day.group() for day in days}) != 1:
        return
    day = days[0]
    month = int(day["mo"]) if day["mo"] else _MONTHS[day["mon"][:3].lower()]
    for match in list(_CLOCK.finditer(text))[:400]:
        moment = _assembled(match, int(day["y"] or day["y2"]), month, int(day["d"] or day["d2"]), context, stated)
        if moment:
            yield moment


def _moment(match: re.Match[str], context: Context, stated: int | None) -> Moment | None:
    groups = match.groupdict()
    if groups.get("epoch"):
        if _A_NUMBER.search(match.string[max(match.start() - 16, 0) : match.start()]):
            return None
        at = datetime.fromtimestamp(int(groups["epoch"]), UTC)
        if context.sent is not None and not context.sent - timedelta(days=730) < at < context.sent + FUTURE:
            return None
        return Moment(at, 0.5, SURE, *match.span())
    if groups.get("a"):
        return _either_order(match, context, stated)
    month = int(groups["mo"]) if groups.get("mo") else _MONTHS.get((groups.get("mon") or "")[:3].lower(), 0)
    day = int(groups["d"])
    if groups.get("roc"):
        return _assembled(match, int(groups["roc"]) + 1911, month, day, context, stated)
    if groups.get("y"):
        return _assembled(match, _full_year(groups["y"]), month, day, context, stated)
    return _without_year(match, month, day, context, stated)


def _either_order(match: re.Match[str], context: Context, stated: int | None) -> Moment | None:
    """`11/12/2026` is November or December: the order that fits the day the mail was sent, else day first."""
    year, first, second = _full_year(match["y"]), int(match["a"]), int(match["b"])
    readings = [
        moment
        for month, day in dict.fromkeys([(second, first), (first, second)])
        if (moment := _assembled(match, year, month, day, context, stated))
    ]
    if match["ap"] or (context.offset is not None and -600 <= context.offset <= -240 and match["sep"] == "/"):
        readings.reverse()  # a 12 hour clock, or an American zone, goes with the month first
    if len(readings) == 2 and context.sent is not None:
        past = [moment for moment in readings if moment.at <= context.sent + FUTURE]
        near = [moment for moment in past if context.sent - moment.at < timedelta(days=31)]
        readings = near if len(near) == 1 else past or readings
    if not readings:
        return None
    doubt = abs((readings[0].at - readings[-1].at).total_seconds())
    return replace(readings[0], off_by=readings[0].off_by + doubt)


def _without_year(match: re.Match[str], month: int, day: int, context: Context, stated: int | None) -> Moment | None:
    """A log line's date: of the last such day before the mail was sent."""
    if context.sent is None:
        return None
    for year in (context.sent.year + 1, context.sent.year, context.sent.year - 1):
        moment = _assembled(match, year, month, day, context, stated)
        if moment and moment.at <= context.sent + FUTURE:
            return moment
    return None


def _assembled(
    match: re.Match[str], year: int, month: int, day: int, context: Context, stated: int | None
) -> Moment | None:
    groups = match.groupdict()
    hour, minute, second = int(groups["h"]), int(groups["m"] or 0), int(groups["s"] or 0)
    part = (groups.get("ap") or groups.get("part") or "").lower()
    if part[:1] == "p" or part in ("下午", "傍晚", "晚上", "夜间", "夜間") or (part == "中午" and hour < 11):
        hour += 12 if hour < 12 else 0
    elif part[:1] == "a" or part in ("凌晨", "上午", "早上"):
        hour = 0 if hour == 12 else hour
    offset, zone = _zone_of(match, context, stated)
    micro = int(((groups.get("f") or "") + "000000")[:6])
    try:
        at = datetime(
            year, month, day, hour, minute, min(second, 59), micro, timezone(timedelta(minutes=offset))
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    exact = 0.5 if groups["s"] else 60.0 if groups["m"] else 3600.0
    if zone == SURE and groups.get("area"):
        at = _in_area(groups["area"], at)
    return Moment(at, exact + ZONE_DOUBT[zone], zone, *match.span(), offset)


def _zone_of(match: re.Match[str], context: Context, stated: int | None) -> tuple[int, str]:
    """Minutes east of UTC, and where that was found."""
    beside = _offset(match)
    if beside is not None:
        name = (match.groupdict().get("zone") or "").upper()
        if name in ("CST", "IST") and context.offset in (480, 60, 120) and context.offset != beside:
            return context.offset, SURE  # China or Ireland and Israel, as the mail's own zone says
        return beside, SURE
    if stated is not None:
        return stated, ELSEWHERE
    if context.offset is not None:
        return context.offset, ASSUMED
    return 0, UNKNOWN


def _offset(match: re.Match[str]) -> int | None:
    groups = match.groupdict()
    for name in ("offset", "after", "zone2", "zone", "named"):
        text = groups.get(name)
        if text:
            return _ZONES[text.upper()] if text.upper() in _ZONES else _minutes(text)
    if groups.get("area"):
        return 0 if _is_area(groups["area"]) else None
    place = groups.get("cn") or groups.get("cn2")
    return next((minutes for name, minutes in _PLACES.items() if place.startswith(name)), None) if place else None


def _minutes(text: str) -> int | None:
    found = re.search(r"([+-])\s?(\d{1,2}):?(\d{2})?$", text)
    if not found:
        return None
    total = int(found[2]) * 60 + int(found[3] or 0)
    return (-total if found[1] == "-" else total) if total <= 14 * 60 else None


def _is_area(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _in_area(name: str, at: datetime) -> datetime:
    return at.replace(tzinfo=ZoneInfo(name)).astimezone(UTC) if _is_area(name) else at


def _full_year(text: str) -> int:
    year = int(text)
    return year if year >= 100 else year + (2000 if year < 70 else 1900)
