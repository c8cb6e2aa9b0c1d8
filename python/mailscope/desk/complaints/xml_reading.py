"""XML from strangers: read by expat with entities refused and depth and size bounded."""

from dataclasses import dataclass, field
from xml.parsers import expat

from mailscope.desk.complaints.bounds import MAX_UNPACKED, MAX_XML_DEPTH, MAX_XML_ELEMENTS


@dataclass(slots=True)
class Element:
    """An element without its namespace; `text` is its own text, `children` what it holds."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element]" = field(default_factory=list)
    text: str = ""

    def every(self, name: str) -> "list[Element]":
        """All elements of that name below, in their order."""
        found, pending = [], list(reversed(self.children))
        while pending:
            element = pending.pop()
            if element.name == name:
                found.append(element)
            pending.extend(reversed(element.children))
        return found

    def value(self, name: str) -> str:
        """The text of the first element of that name below; empty where there is none."""
        return next((element.text.strip() for element in self.every(name) if element.text.strip()), "")


class _TooMuchError(Exception):
    """An entity is declared, or a bound passed."""


def read_xml(data: bytes | str) -> Element | None:
    """The root element, or None for what is no XML, declares entities, or passes a bound."""
    parser = expat.ParserCreate(namespace_separator=" ")
    root = Element("")
    stack, count = [root], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MAX_XML_ELEMENTS or len(stack) > MAX_XML_DEPTH:
            raise _TooMuchError
        element = Element(name.rsplit(" ", 1)[-1], attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        stack.pop()

    def text(value: str) -> None:
        if len(stack[-1].text) < 100_000:
            stack[-1].text += value

    def entity(*_: object) -> None:
        raise _TooMuchError

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(data[:MAX_UNPACKED], True)
    except (expat.ExpatError, _TooMuchError, ValueError, UnicodeError, LookupError):
        return None
    return root.children[0] if root.children else None
