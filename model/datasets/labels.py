"""Label sets: which class a record belongs to, or None where the set leaves it out.

Called by the trainer and the benchmarks.  The three classes of MEGC 2019 are defined for CASME II,
SAMM and SMIC; for other datasets the mapping of the literature is used, and named here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from model.datasets.record import Record
from model.synthetic.recipe import NON_EVENT

THREE = ("negative", "positive", "surprise")

_NEGATIVE_EMOTIONS = frozenset({"anger", "contempt", "disgust", "fear", "sadness"})
# Of these MEGC 2019 says itself what is negative; sadness and fear of CASME II are left out.
_OFFICIAL_NEGATIVE: Mapping[str, frozenset[str]] = {
    "casme2": frozenset({"disgust", "repression"}),
    "samm": _NEGATIVE_EMOTIONS,
}


def three_classes(record: Record) -> int | None:
    """Index into THREE: negative, positive, surprise; NON_EVENT for what a reviewer called none.

    CASME II and SAMM as MEGC 2019; SMIC and CAS(ME)^2 by the class they code themselves; others:
    anger, contempt, disgust, fear, sadness and repression are negative, happiness is positive.
    """
    if record.valence_raw:
        plain = record.valence_raw.strip().lower()
        if plain == "none":
            return NON_EVENT
        return THREE.index(plain) if plain in THREE else None
    if record.emotion == "surprise":
        return 2
    if record.emotion in ("happiness", "positive"):
        return 1
    negative = _OFFICIAL_NEGATIVE.get(
        record.dataset, _NEGATIVE_EMOTIONS | {"repression", "negative"}
    )
    return 0 if record.emotion in negative else None


FIVE: Mapping[str, tuple[str, ...]] = {
    "casme2": ("disgust", "happiness", "others", "repression", "surprise"),
    "samm": ("anger", "contempt", "happiness", "others", "surprise"),
}


def five_classes(record: Record) -> int | None:
    """Index into FIVE[dataset]; None for datasets that have no such set."""
    names = FIVE.get(record.dataset, ())
    return names.index(record.emotion) if record.emotion in names else None


def objective_classes(record: Record) -> int | None:
    """Classes I to V by action units as 0 to 4; VI and VII are left out, as the field does."""
    number = record.objective_class
    return number - 1 if number is not None and number <= 5 else None


LABEL_SETS: Mapping[str, tuple[Callable[[Record], int | None], int]] = {
    "three": (three_classes, 3),
    "five": (five_classes, 5),
    "objective": (objective_classes, 5),
}


def megc2019(records: Sequence[Record]) -> list[Record]:
    """The composite of MEGC 2019: SMIC-HS, CASME II and SAMM, three classes.

    The official list leaves out two clips of CASME II, the one without an apex and one whose apex
    is its onset among those of the three classes.
    """
    chosen = []
    for record in records:
        if record.dataset not in ("smic_hs", "casme2", "samm") or record.kind != "micro":
            continue
        if three_classes(record) is None:
            continue
        if record.dataset == "casme2" and record.apex in (None, record.onset):
            continue
        chosen.append(record)
    return chosen


# Clips by class, and subjects that have one, of the official lists.
_OFFICIAL: Mapping[str, tuple[tuple[int, ...], int]] = {
    "smic_hs": ((70, 51, 43), 16),
    "casme2": ((88, 32, 25), 24),
    "samm": ((92, 26, 15), 28),
}
_OFFICIAL_FIVE: Mapping[str, tuple[int, ...]] = {
    "casme2": (63, 32, 99, 27, 25),
    "samm": (57, 12, 26, 26, 15),
}
_OFFICIAL_OBJECTIVE = {"casme2": 185, "samm": 68}


def check_official_counts(records: Sequence[Record]) -> list[str]:
    """A line for each count that differs from the official one; none when all agree.

    Only datasets that are there are looked at.
    """
    lines = []
    composite = megc2019(records)
    for dataset, (expected, people) in _OFFICIAL.items():
        own = [record for record in composite if record.dataset == dataset]
        if not any(record.dataset == dataset for record in records):
            continue
        counts = Counter(three_classes(record) for record in own)
        found = tuple(counts[label] for label in range(3))
        if found != expected:
            lines.append(f"{dataset}, three classes: {found} clips, officially {expected}")
        subjects = len({record.subject for record in own})
        if subjects != people:
            lines.append(f"{dataset}, three classes: {subjects} subjects, officially {people}")
    for dataset, expected in _OFFICIAL_FIVE.items():
        counts = Counter(five_classes(r) for r in records if r.dataset == dataset)
        found = tuple(counts[label] for label in range(5))
        if any(found) and found != expected:
            lines.append(f"{dataset}, five classes: {found} clips, officially {expected}")
    for dataset, total in _OFFICIAL_OBJECTIVE.items():
        own = [r for r in records if r.dataset == dataset]
        count = sum(objective_classes(r) is not None for r in own)
        if own and count != total:
            lines.append(f"{dataset}, objective classes: {count} clips, officially {total}")
    return lines
