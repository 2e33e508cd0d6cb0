"""An .eaf file as bytes in which tiers are replaced, and everything else stays as it is.

ELAN's files are XML.  A coder's tiers in one are hours of work, so a file that is there is not
parsed and written anew: places are found by a parser, and only the bytes at these places change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from realtime.errors import DataError

_EMPTY = b"""<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="fleeting" DATE="%s" FORMAT="3.0" VERSION="3.0" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">%s</HEADER>
    <TIME_ORDER></TIME_ORDER>
</ANNOTATION_DOCUMENT>
"""
# the schema wants tiers, then linguistic types, then locales and all else
_UP_TO_TIERS = ("LICENSE", "HEADER", "TIME_ORDER", "TIER")


def empty_document(date: str, header: str) -> bytes:
    """A document without a tier; `header` is XML."""
    return _EMPTY % (date.encode(), header.encode())


@dataclass(slots=True)
class Element:
    """Where an element lies in the document."""

    start: int
    end: int  # behind its last byte
    attributes: Mapping[str, str]
    slots: set[str] = field(default_factory=set)  # time slots that it refers to
    annotations: set[str] = field(default_factory=set)  # ids of those in it
    refers: set[str] = field(default_factory=set)  # ids of the annotations it depends on

    @property
    def name(self) -> str:
        return self.attributes.get("TIER_ID", "")


class ElanDocument:
    """Raises DataError if the bytes are not an ELAN file in UTF-8."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.tiers: list[Element] = []
        self.ids: set[str] = set()
        self.types: set[str] = set()
        self._slots: dict[str, Element] = {}
        self._time_order: Element | None = None
        self._after_tiers: int | None = None  # the first element behind the tiers
        self._root: Element | None = None
        self._open: list[tuple[str, Element]] = []
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._close
        parser.XmlDeclHandler = _check_encoding
        parser.EntityDeclHandler = _refuse_entity
        self._parser = parser
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise DataError(f"it is not XML: {error}") from error
        if self._root is None or self._time_order is None:
            raise DataError("it is not an ELAN file")

    def with_tiers(self, gone: Sequence[Element], slots: str, tiers: str, types: str) -> bytes:
        """The document without some tiers and their time slots, and with others, given as XML."""
        assert self._time_order is not None
        assert self._root is not None
        kept = [tier for tier in self.tiers if tier not in gone]
        needed = set[str]().union(*(tier.slots for tier in kept))
        unused = set[str]().union(*(tier.slots for tier in gone)) - needed
        cuts = [(tier.start, tier.end) for tier in gone]
        slots_gone = (self._slots[name] for name in unused & self._slots.keys())
        cuts += [(slot.start, slot.end) for slot in slots_gone]
        edits = [(*self._with_space(*cut), b"") for cut in cuts]
        order = self._data[self._time_order.start : self._time_order.end]
        if order.endswith(b"/>"):  # it holds no slot
            whole = b"<TIME_ORDER>%s</TIME_ORDER>" % slots.encode()
            edits.append((self._time_order.start, self._time_order.end, whole))
        else:
            at = self._line_start(self._time_order.end - len(b"</TIME_ORDER>"))
            edits.append((at, at, slots.encode()))
        end = self._root.end - len(b"</ANNOTATION_DOCUMENT>")
        if tiers or types:
            at = end if self._after_tiers is None else self._after_tiers
            edits.append((at, at, (tiers + types).encode()))
        done, reached = [], 0
        for start, stop, text in sorted(edits):
            done += [self._data[reached:start], text]
            reached = stop
        return b"".join([*done, self._data[reached:]])

    def _with_space(self, start: int, end: int) -> tuple[int, int]:
        """An element and the blanks of its own line."""
        before = start
        while before > 0 and self._data[before - 1 : before] in (b" ", b"\t"):
            before -= 1
        after = end
        while self._data[after : after + 1] in (b" ", b"\t", b"\r"):
            after += 1
        alone = self._data[before - 1 : before] == b"\n" and self._data[after : after + 1] == b"\n"
        return (before, after + 1) if alone else (start, end)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(self._parser.CurrentByteIndex, 0, attributes)
        self._open.append((name, element))
        if len(self._open) == 1 and name == "ANNOTATION_DOCUMENT":
            self._root = element
        if name == "TIME_SLOT":
            self._slots[attributes.get("TIME_SLOT_ID", "")] = element
        if name == "LINGUISTIC_TYPE":
            self.types.add(attributes.get("LINGUISTIC_TYPE_ID", ""))
        if len(self._open) == 2 and name not in _UP_TO_TIERS and self._after_tiers is None:
            self._after_tiers = self._line_start(element.start)
        self.ids |= {v for k, v in attributes.items() if k in ("TIME_SLOT_ID", "ANNOTATION_ID")}
        tier = next((e for n, e in self._open if n == "TIER"), None)
        if tier is not None:
            tier.slots |= {v for k, v in attributes.items() if k.startswith("TIME_SLOT_REF")}
            tier.annotations |= {v for k, v in attributes.items() if k == "ANNOTATION_ID"}
            tier.refers |= {v for k, v in attributes.items() if k == "ANNOTATION_REF"}

    def _close(self, name: str) -> None:
        _, element = self._open.pop()
        # of an element without content the parser tells its start once more
        at = max(self._parser.CurrentByteIndex, element.start)
        element.end = self._data.index(b">", at) + 1
        if name == "TIER":
            self.tiers.append(element)
        elif name == "TIME_ORDER":
            self._time_order = element

    def _line_start(self, start: int) -> int:
        while self._data[start - 1 : start] in (b" ", b"\t"):
            start -= 1
        return start


def _check_encoding(version: str, encoding: str | None, standalone: int) -> None:
    del version, standalone
    if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii", "ascii"):
        raise DataError(f"it is in {encoding}; save it in UTF-8")


def _refuse_entity(*_: object) -> None:
    raise DataError("it declares entities, which no ELAN file does")
