"""One annotated movement of a published dataset, whatever the dataset: what every loader yields.

Called by the loaders and by all that trains or tests on their data.  Frame numbers are the
numbers in the file names, unless a loader's own docstring says otherwise; intervals include both
ends.  Rows that cannot be used are kept in the report, with the reason, instead of raising: one
odd row in a sheet of thousands must not stop a run, and must not vanish either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from realtime.face.face import Box

Kind = Literal["micro", "macro", "blink"]
Side = Literal["", "L", "R"]


@dataclass(frozen=True, slots=True)
class CodedUnit:
    """One action unit as it was coded."""

    number: int
    side: Side = ""  # "" is both
    intensity: str = ""  # "A" to "E", or ""


@dataclass(frozen=True, slots=True)
class Record:
    dataset: str  # "casme2", "samm", "smic_hs", ...
    subject: str  # normalised: "sub01", "01" and "1" are "1"
    clip: str  # unique within the dataset
    frames: Mapping[int, Path]  # number -> picture, in ascending order
    fps: float
    onset: int
    apex: int | None  # None unless onset <= apex <= offset
    offset: int | None
    kind: Kind
    emotion: str  # stripped, lower case, spelling unified
    valence_raw: str = ""  # where a dataset codes negative / positive / surprise / others itself
    objective_class: int | None = None  # 1 to 7
    units: tuple[CodedUnit, ...] = ()
    notes: str = ""
    apex_raw: str = ""  # the cell, when it was not usable
    colour: bool = True
    cropped: bool = False  # the pictures are face crops already
    face_box: Box | None = None  # where on them the face is; None: it is the largest


@dataclass(frozen=True, slots=True)
class Skip:
    dataset: str
    where: str  # file and row, or folder
    reason: str


@dataclass(slots=True)
class LoadReport:
    """What a loader left out, and what it mended, and why."""

    skipped: list[Skip] = field(default_factory=list)
    mended: list[Skip] = field(default_factory=list)

    def skip(self, dataset: str, where: str, reason: str) -> None:
        self.skipped.append(Skip(dataset, where, reason))

    def mend(self, dataset: str, where: str, reason: str) -> None:
        self.mended.append(Skip(dataset, where, reason))

    def summary(self) -> list[str]:
        """One line for each reason, the commonest first."""
        lines = []
        for verb, entries in (("skipped", self.skipped), ("mended", self.mended)):
            counts = Counter((entry.dataset, entry.reason) for entry in entries)
            lines += [
                f"{dataset}: {verb} {count}, {reason}"
                for (dataset, reason), count in counts.most_common()
            ]
        return lines


@dataclass(frozen=True, slots=True)
class Dataset:
    name: str
    records: tuple[Record, ...]
    report: LoadReport
