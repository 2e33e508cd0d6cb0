"""Coding that was done by hand elsewhere, as labels: the tiers of an .eaf file, or a table.

Times are seconds on the time line of the film, which is the session's.  A value or label in words
becomes a class, `none` or `unsure`; one in FACS notation becomes action units; any other is kept
as the comment of a micro-expression without a class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from realtime.errors import DataError
from realtime.export.elan_document import ElanDocument
from realtime.recording.facs import units_of
from realtime.recording.labels import WHOLE_FILM, CoderAnswer, Emotion, Label, now_utc
from realtime.study.delimited import DelimitedRow, bytes_of, read_delimited

_CLASSES: Mapping[str, Emotion] = {
    **dict.fromkeys(
        ("negative", "disgust", "anger", "fear", "sadness", "contempt", "repression"), "negative"
    ),
    **dict.fromkeys(("positive", "happiness", "joy"), "positive"),
    "surprise": "surprise",
}
_ANSWERS = {
    **dict.fromkeys(("", "micro", "me", "micro-expression", "microexpression"), CoderAnswer.MICRO),
    **dict.fromkeys(("none", "no"), CoderAnswer.NONE),
    **dict.fromkeys(("unsure", "?"), CoderAnswer.UNSURE),
}
_OURS = "fleeting"  # annotator of the tiers that this program wrote
_MOST_CHARACTERS = 2000  # of a comment
_MOST_LEVELS = 20  # of tiers that depend on each other


@dataclass(frozen=True, slots=True)
class CodedMovement:
    """One movement that a person marked; seconds."""

    where: str  # in the file, for messages
    file: str  # the film it is of; "": the file is of one film
    onset_s: float
    offset_s: float
    apex_s: float | None
    text: str  # class or label in the coder's words
    units: str = ""  # in FACS notation
    confidence: str = ""
    comment: str = ""

    @property
    def is_other(self) -> bool:
        """Whether the text is no word that is known here, and no action units."""
        word = self.text.lower()
        return word not in _CLASSES and word not in _ANSWERS and not units_of(word)


def read_table(path: Path) -> list[CodedMovement]:
    """The rows of a table with the columns onset, offset and, if there, others.

    Those are apex, label, units, confidence, comment and file.  Its cells are separated by commas,
    semicolons or tabs; after semicolons or tabs a number may have a decimal comma.

    Raises:
        DataError: it is no such table; the message names the line.
    """
    return [_of_row(row) for row in read_delimited(path, ("onset", "offset"))]


def read_tiers(path: Path, tier: str | None, apex_tier: str | None) -> list[CodedMovement]:
    """The annotations of a tier of an ELAN file.

    Args:
        tier: None: the only one there is, besides those that this program wrote.
        apex_tier: an annotation on it begins at the apex of the movement that it begins in.

    Raises:
        DataError: it is no ELAN file, or a tier is not there; the message names those that are.
    """
    data = bytes_of(path)
    try:
        ElanDocument(data)  # in UTF-8, without entities
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    root = ElementTree.fromstring(data)
    tiers = {t.get("TIER_ID", ""): t for t in root.iter("TIER") if t.get("ANNOTATOR") != _OURS}
    named = [name for name in (tier, apex_tier) if name is not None and name not in tiers]
    others = [name for name in tiers if name != apex_tier]
    if named or (tier is None and len(others) != 1):
        why = f"has no tier {named[0]!r}" if named else "has several tiers: choose by --tier"
        raise DataError(f"{path} {why}; its tiers are {', '.join(map(repr, tiers)) or 'none'}")
    times = _annotation_times(root)
    apexes = [] if apex_tier is None else [t for t, _, _ in _marks(tiers[apex_tier], times)]
    found = []
    for start_s, end_s, text in _marks(tiers[tier or others[0]], times):
        where = f"{path}: the annotation at {start_s:.3f} s"
        inside = [apex for apex in apexes if start_s <= apex <= end_s]
        if len(inside) > 1:
            raise DataError(f"{where} has {len(inside)} apexes")
        found.append(CodedMovement(where, "", start_s, end_s, inside[0] if inside else None, text))
    return found


def labels_of(coded: Sequence[CodedMovement], coder: str) -> list[Label]:
    """The movements of one session as a coder's labels, in their order in time.

    The first says that the whole film was coded: it counts where nothing was found.

    Raises:
        DataError: one of them is not as a label can be.
    """
    now = now_utc()
    whole = Label(coder, WHOLE_FILM, "imported", CoderAnswer.NONE, answered_at=now)
    in_time = sorted(coded, key=lambda movement: (movement.onset_s, movement.offset_s))
    return [whole, *(_label(m, coder, k, now) for k, m in enumerate(in_time, start=1))]


def _label(movement: CodedMovement, coder: str, number: int, now: str) -> Label:
    word = movement.text.lower()
    units = units_of(movement.units or movement.text) or ()
    emotion = _CLASSES.get(word, "")
    comment = [movement.text if movement.is_other else "", movement.comment]
    try:
        if movement.units and not units:
            raise ValueError(f"{movement.units!r} is no list of action units such as L12B+4")
        return Label(
            coder,
            f"imported-{number:04d}",
            "imported",
            _ANSWERS.get(word, CoderAnswer.MICRO),
            movement.onset_s,
            movement.apex_s,
            movement.offset_s,
            emotion,
            units,
            int(movement.confidence) if movement.confidence else None,
            "; ".join(filter(None, comment))[:_MOST_CHARACTERS],
            now,
        )
    except ValueError as error:
        raise DataError(f"{movement.where}: {error}") from None


def _of_row(row: DelimitedRow) -> CodedMovement:
    cells = row.cells

    def seconds(name: str) -> float:
        cell = cells[name].replace(",", ".") if row.decimal_comma else cells[name]
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            raise DataError(f"{row.where}: {name} is {cells[name]!r}, not seconds")
        return value

    return CodedMovement(
        row.where,
        cells.get("file", ""),
        seconds("onset"),
        seconds("offset"),
        seconds("apex") if cells.get("apex") else None,
        *(cells.get(name, "") for name in ("label", "units", "confidence", "comment")),
    )


def _annotation_times(root: ElementTree.Element) -> dict[str, tuple[float, float] | None]:
    """Start and end of every annotation by its id, s; None: it is not aligned to the film."""
    slots = {
        slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE", "-1"))
        for slot in root.iter("TIME_SLOT")
    }
    times: dict[str, tuple[float, float] | None] = {}
    for annotation in root.iter("ALIGNABLE_ANNOTATION"):
        start, end = (slots.get(annotation.get(f"TIME_SLOT_REF{k}"), -1) for k in (1, 2))
        aligned = min(start, end) >= 0
        times[annotation.get("ANNOTATION_ID", "")] = (start / 1e3, end / 1e3) if aligned else None
    parents = {
        annotation.get("ANNOTATION_ID", ""): annotation.get("ANNOTATION_REF", "")
        for annotation in root.iter("REF_ANNOTATION")
    }
    for name in parents:
        above, steps = name, 0
        while above in parents and steps < _MOST_LEVELS:
            above, steps = parents[above], steps + 1
        times[name] = times.get(above)
    return times


def _marks(
    tier: ElementTree.Element, times: Mapping[str, tuple[float, float] | None]
) -> Iterator[tuple[float, float, str]]:
    """Start, end and text of a tier's annotations; one that is not aligned is refused."""
    for annotation in (child for holder in tier.iter("ANNOTATION") for child in holder):
        name = annotation.get("ANNOTATION_ID", "")
        place = times.get(name)
        if place is None:
            raise DataError(
                f"annotation {name!r} of the tier {tier.get('TIER_ID')!r} has no time: "
                "align it in ELAN"
            )
        yield *place, (annotation.findtext("ANNOTATION_VALUE") or "").strip()
