"""An ELAN file: a tier for each kind of span, times in milliseconds of the video it lies beside.

A file that is there is somebody's work: the tiers that this program wrote before are replaced, and
all others keep their bytes.  Ours are known by their annotator.
"""

from __future__ import annotations

import mimetypes
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from realtime.atomic_file import write_whole
from realtime.errors import DataError
from realtime.export.elan_document import ElanDocument, Element, empty_document
from realtime.export.safe_text import xml_text
from realtime.export.spans import APEX, CODED, FLAGGED, MARKERS, NOT_JUDGED, REJECTED, Span

_TIERS = (FLAGGED, APEX, REJECTED, NOT_JUDGED)
_ANNOTATOR = "fleeting"
_OWN_NAME = re.compile(
    f"(?:{'|'.join(_TIERS)})(?: [0-9]+)?|{MARKERS}|{CODED} .*"
)  # of one face: its number
_NUMBERED = re.compile(r"(?:ts|a)(\d+)", re.ASCII)
_TYPE = (
    f'    <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="{_ANNOTATOR}" TIME_ALIGNABLE="true" '
    'GRAPHIC_REFERENCES="false"/>\n'
)


def write_elan(
    path: Path, found: Sequence[Span], media: Path | None, *, force: bool = False
) -> None:
    """Write the spans, whole or not at all.

    Args:
        media: linked in a new file.
        force: write a new file in the place of one that is there.

    Raises:
        DataError: what is there is no ELAN file, or its tiers cannot be kept.
        RecordingError: the file cannot be written.
    """
    if path.is_file() and not force:
        try:
            document = ElanDocument(path.read_bytes())
            ours = _ours(document)
        except (OSError, DataError) as error:
            raise DataError(
                f"{path} is kept as it is: {error}; --force writes a new file in its place"
            ) from error
    else:
        date = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        document = ElanDocument(empty_document(f"{date[:-2]}:{date[-2:]}", _link(path, media)))
        ours = []
    names = tuple(dict.fromkeys((*_TIERS, *(span.tier for span in found))))
    gone = set[str]().union(*(tier.slots | tier.annotations for tier in ours))
    slots, tiers = _written(names, found, _first_free(document.ids - gone))
    types = "" if _ANNOTATOR in document.types else _TYPE
    write_whole(path, document.with_tiers(ours, slots, tiers, types))


def _ours(document: ElanDocument) -> list[Element]:
    """The tiers this program wrote.

    Raises:
        DataError: a tier of another annotator has a name of ours, or depends on a tier of ours.
    """
    ours = [tier for tier in document.tiers if tier.attributes.get("ANNOTATOR") == _ANNOTATOR]
    others = [tier for tier in document.tiers if tier not in ours]
    names = {tier.name for tier in ours}
    annotations = set[str]().union(*(tier.annotations for tier in ours))
    for tier in others:
        if _OWN_NAME.fullmatch(tier.name):
            raise DataError(f"the tier {xml_text(tier.name)} in it is another annotator's")
        if tier.attributes.get("PARENT_REF") in names or tier.refers & annotations:
            raise DataError(f"the tier {xml_text(tier.name)} in it depends on a tier of ours")
    return ours


def _first_free(ids: set[str]) -> int:
    """Above every number in ids such as ts12 and a7, which is how ELAN gives them."""
    return 1 + max(
        (int(number[1]) for number in map(_NUMBERED.fullmatch, ids) if number), default=0
    )


def _written(names: Sequence[str], found: Sequence[Span], number: int) -> tuple[str, str]:
    """Time slots and tiers as XML, with ids from a number on."""
    slots, tiers = [], []
    for name in names:
        attributes = f'TIER_ID={quoteattr(xml_text(name))} ANNOTATOR="{_ANNOTATOR}"'
        lines = [f'    <TIER LINGUISTIC_TYPE_REF="{_ANNOTATOR}" {attributes}>\n']
        free = 0  # one after another: a tier cannot hold two at once
        for span in (span for span in found if span.tier == name):
            start = max(round(1000 * span.start_s), free)
            free = max(round(1000 * span.end_s), start + 1)
            for slot, ms in ((number, start), (number + 1, free)):
                slots.append(f'        <TIME_SLOT TIME_SLOT_ID="ts{slot}" TIME_VALUE="{ms}"/>\n')
            lines.append(
                f'        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" '
                f'TIME_SLOT_REF1="ts{number}" TIME_SLOT_REF2="ts{number + 1}">'
                f"<ANNOTATION_VALUE>{xml_text(span.text)}</ANNOTATION_VALUE>"
                "</ALIGNABLE_ANNOTATION></ANNOTATION>\n"
            )
            number += 2
        tiers.append("".join([*lines, "    </TIER>\n"]))
    return "".join(slots), "".join(tiers)


def _link(path: Path, media: Path | None) -> str:
    """The video of a new file, as XML."""
    if media is None:
        return ""
    kind = mimetypes.guess_type(media.name)[0] or "video/*"
    relative = Path(os.path.relpath(media.resolve(), path.resolve().parent)).as_posix()
    return (
        f"<MEDIA_DESCRIPTOR MEDIA_URL={quoteattr(media.resolve().as_uri())} "
        f"MIME_TYPE={quoteattr(kind)} RELATIVE_MEDIA_URL={quoteattr(xml_text(relative))}/>"
    )
