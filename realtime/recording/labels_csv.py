"""A reviewer's labels of a session's events: `labels.csv` in its folder, columns `id,label`.

Written by the review after every key, whole or not at all; other columns that stand there (the
trainer reads `subject`) are kept.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from realtime.errors import DataError
from realtime.event import CLASSES
from realtime.recording.session_folder import SessionFolder

NAME = "labels.csv"
NONE = "none"  # it was no micro-expression
LABELS = (*CLASSES, NONE)


def read_labels(path: Path) -> list[dict[str, str]]:
    """The rows of a labels file, in order; none if there is no such file.

    Raises:
        DataError: it cannot be read, or has no columns `id` and `label`.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            columns = set(reader.fieldnames or ())
            rows = [{k: v for k, v in row.items() if k} for row in reader]
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not {"id", "label"} <= columns:
        raise DataError(f"{path} needs the columns id,label")
    return rows


class Labels:
    """The labels of one session; every change is on the disk when the call returns.

    Raises:
        DataError: there are labels, and they cannot be read.
    """

    def __init__(self, session: SessionFolder) -> None:
        self._session = session
        self._rows = read_labels(session.path(NAME))

    def by_id(self) -> dict[str, str]:
        """One of LABELS for every event that has a valid label."""
        ids = (row["id"].strip() for row in self._rows)
        return {identity: said for identity in ids if (said := self.get(identity))}

    def get(self, identity: str) -> str | None:
        """One of LABELS; None: it has no valid label."""
        row = self._row(identity)
        said = "" if row is None else row["label"].strip().lower()
        return said if said in LABELS else None

    def set(self, identity: str, label: str | None, subject: str | None = None) -> None:
        """Set the label, or with None remove it.

        Raises:
            DiskFull, RecordingError: it could not be written; the file is as it was.
        """
        rows = [dict(row) for row in self._rows if label or row["id"].strip() != identity]
        if label:
            row = next((r for r in rows if r["id"].strip() == identity), None)
            if row is None:
                row = {"id": identity, "label": ""}
                rows.append(row)
            row["label"] = label
            if subject:
                row["subject"] = subject
        self._session.replace(NAME, _as_csv(rows))
        self._rows = rows

    def _row(self, identity: str) -> dict[str, str] | None:
        return next((row for row in self._rows if row["id"].strip() == identity), None)


def _as_csv(rows: list[dict[str, str]]) -> bytes:
    columns = dict.fromkeys(("id", "label", *(name for row in rows for name in row)))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
