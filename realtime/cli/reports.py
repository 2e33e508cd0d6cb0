"""`fleeting report` and `plot`: sessions as they go into a paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realtime.cli.command import command
from realtime.cli.options import OneSession, option
from realtime.limits import Limits

PANEL = "Studies"


@command(
    "fleeting report sessions/ --out report.html",
    "fleeting report sessions/ --out report.pdf --pictures 0",
    extra="study",
)
def report(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", help="a session, or a folder of sessions")
    ],
    out: Annotated[Path, option("page or PDF to write", metavar="FILE")] = Path("report.html"),
    pictures: Annotated[
        int, option(Limits("flagged events a session that are shown with their stills", 0, 1000))
    ] = 12,
) -> None:
    """Write a report of a study: one file, for reading, printing and a paper's supplement.

    Rates of participants and conditions with intervals, each session's timeline, judged share and
    sensitivity, its flagged events with stills and labels, settings, versions, limits, and a
    methods paragraph with the numbers of this study.  A .pdf is printed by Chromium or Chrome.

    The report shows faces.  --pictures 0 leaves them out.
    """
    from realtime.report.program import write_report

    write_report(study, out, pictures=pictures)


@command(
    "fleeting plot sessions/20261127-204500-0001 --out figure.svg --from 62 --to 70",
    "fleeting plot sessions/20261127-204500-0001 --out figure.png",
    extra="study",
)
def plot(
    session: OneSession,
    out: Annotated[Path, option("figure to write, .svg, .pdf or .png", metavar="FILE")] = Path(
        "figure.svg"
    ),
    from_s: Annotated[
        float | None, option("first second; without it, the session's", "--from", metavar="SECONDS")
    ] = None,
    to_s: Annotated[
        float | None, option("last second; without it, the session's", "--to", metavar="SECONDS")
    ] = None,
    face: Annotated[
        int | None, option("number of the face; without it, the one seen longest")
    ] = None,
) -> None:
    """Draw the traces and events of a stretch of a session, as a figure for a paper.

    The motion of the five region groups in noise units, blinks and jaw, flagged and rejected
    events, markers, and what was not judged.
    """
    from realtime.report.trace_plot import write_plot

    write_plot(session, out, from_s=from_s, to_s=to_s, face=face)
