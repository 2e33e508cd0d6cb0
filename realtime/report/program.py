"""`fleeting report`: a study read, and written as HTML or PDF."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import track

from realtime.atomic_file import write_whole
from realtime.errors import SettingsError
from realtime.export.safe_text import counted, one_line
from realtime.report.coding import agreement_rows
from realtime.report.page import render
from realtime.report.pdf import find_browser, printed
from realtime.report.session_report import session_report
from realtime.study.estimate_words import figures_by_coder
from realtime.study.estimates import judged_minutes
from realtime.study.study import open_study


def write_report(folder: Path, out: Path, *, pictures: int) -> None:
    """Write the report, whole or not at all, and say how large it is.

    Args:
        pictures: flagged events a session that are shown with their stills, at most.

    Raises:
        SettingsError: the suffix is neither .html nor .pdf, or no browser can print.
        DataError: it is no study, or a file in it is not ours.
        RecordingError: the report cannot be written.
    """
    suffix = out.suffix.lower()
    if suffix not in (".html", ".htm", ".pdf"):
        raise SettingsError(f"--out {out}: the name of a report ends in .html or .pdf")
    if suffix == ".pdf":
        find_browser()  # before the work
    study = open_study(folder)
    shown = Console(stderr=True)
    reports = [
        session_report(of)
        for of in track(
            study.sessions, "sessions", console=shown, transient=True, disable=not shown.is_terminal
        )
    ]
    found = [f"{of.name}: {said}" for of in study.sessions for said in of.session.troubles]
    troubles = list(dict.fromkeys([*study.troubles, *found]))
    agreement = agreement_rows(study)
    coders = sorted({coder for report in reports for coder in report.session.labels})
    estimates = figures_by_coder(study, coders, judged_minutes(study))
    page = render(folder.resolve().name, reports, agreement, estimates, troubles, pictures=pictures)
    write_whole(out, printed(page) if suffix == ".pdf" else page.encode())
    flagged = counted(sum(len(report.flagged) for report in reports), "flagged event")
    said = f"{counted(len(reports), 'session')}, {flagged}"
    sys.stdout.write(f"{one_line(str(out))}: {said}\n")
    for trouble in troubles:
        sys.stderr.write(f"fleeting: {one_line(trouble)}; it is left out\n")
