"""`fleeting agreement`: a study's agreement on the screen and as a table."""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from realtime.atomic_file import write_whole
from realtime.errors import DataError
from realtime.export.safe_text import counted, csv_cell, one_line
from realtime.study.agreement import WORDS, CoderGroup, RaterPair, group, pairs
from realtime.study.reliability import AgreementEstimate
from realtime.study.study import open_study

_UNDEFINED = "-"


def print_agreement(folder: Path, out: Path | None = None) -> None:
    """Print every pair of raters and all coders together; write a row a pair to a CSV file.

    Raises:
        DataError: it is no study, or nobody has coded it.
        RecordingError: the file cannot be written.
    """
    study = open_study(folder)
    found = pairs(study)
    if not found:
        raise DataError(
            f"nobody has coded a session of {folder}: fleeting review or fleeting import-coding"
        )
    if out is not None:
        write_whole(out, as_csv(found))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(_agreement_table(found))
    together = group(study)
    if len(together.coders) > 2:
        console.print(_together(together), highlight=False)
    for pair in found:
        console.print(_confusion_table(pair))
    for trouble in study.all_troubles():
        sys.stderr.write(f"fleeting: {one_line(trouble)}; it is left out\n")
    if out is not None:
        console.print(
            f"{one_line(str(out))}: {counted(len(found), 'pair')}", highlight=False, markup=False
        )


def as_csv(found: Sequence[RaterPair]) -> bytes:
    """A row a pair; what is not defined is empty."""
    text = io.StringIO(newline="")
    rows = [row_of(pair) for pair in found]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue().encode()


def row_of(pair: RaterPair) -> Mapping[str, str | int | float]:
    (both, first), (second, neither) = (map(int, row) for row in pair.detection)
    estimates = {
        "detection_kappa": pair.detection_kappa,
        "detection_alpha": pair.detection_alpha,
        "class_kappa": pair.class_kappa,
        "class_alpha": pair.class_alpha,
    }
    row: dict[str, str | int | float] = {
        "first": pair.first,
        "second": pair.second,
        "sessions": pair.sessions,
        "both": both,
        "first_only": first,
        "second_only": second,
        "neither": neither,
        "unsure": pair.unsure,
        "positive_agreement": pair.positive_agreement,
        "classed_by_both": int(pair.classes.sum()),
    }
    for name, estimate in estimates.items():
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    row |= {
        "iou_median": pair.median_iou,
        "apex_difference_median_s": pair.median_apex_difference_s,
    }
    return row


def _cell(value: str | int | float) -> str:
    if isinstance(value, str):
        return csv_cell(value)
    return "" if math.isnan(value) else f"{value:.6g}"


def _agreement_table(found: Sequence[RaterPair]) -> Table:
    table = Table(title="agreement (95 % interval)", title_justify="left")
    headings = ("raters", "both", "1st only", "2nd only", "neither", "F1", "κ", "α")
    for heading in (*headings, "κ of class", "IoU", "apex ms"):
        table.add_column(heading, justify="left" if heading == "raters" else "right")
    for pair in found:
        counts = (str(int(n)) for n in pair.detection.reshape(-1))
        table.add_row(
            Text(f"{pair.first}\n{pair.second}"),
            *counts,
            _number(pair.positive_agreement),
            *(
                _shown(estimate, "\n")
                for estimate in (pair.detection_kappa, pair.detection_alpha, pair.class_kappa)
            ),
            _number(pair.median_iou),
            _number(1e3 * pair.median_apex_difference_s, "+.0f"),
        )
    return table


def _together(coders: CoderGroup) -> str:
    return (
        f"all {len(coders.coders)} coders, {coders.units} units: "
        f"α of detection {_shown(coders.detection_alpha)}, of class {_shown(coders.class_alpha)}"
    )


def _confusion_table(pair: RaterPair) -> Table:
    title = Text(f"{pair.first} (rows) and {pair.second} (columns), units")
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for word in WORDS:
        table.add_column(word, justify="right")
    for word, row in zip(WORDS, pair.confusion, strict=True):
        table.add_row(word, *(str(int(n)) for n in row))
    return table


def _shown(estimate: AgreementEstimate, gap: str = " ") -> str:
    if math.isnan(estimate.low):
        return _number(estimate.value)
    return f"{estimate.value:.2f}{gap}({estimate.low:.2f} to {estimate.high:.2f})"


def _number(value: float, form: str = ".2f") -> str:
    return _UNDEFINED if math.isnan(value) else format(value, form)
