"""`fleeting review`, `export` and `batch`: what is done with sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realtime.cli.command import command
from realtime.cli.options import option
from realtime.limits import Limits

PANEL = "Sessions"

SessionFolder = Annotated[Path, typer.Argument(metavar="SESSION", help="a folder below sessions/")]
_FORMATS = "Formats"


@command(
    "fleeting review sessions/20261127-204500-0001",
    "fleeting review sessions/20261127-204500-0001 --label 0007=none --subject anna",
    interrupted="stopped; every answer is kept",
)
def review(
    session: SessionFolder,
    all_flags: Annotated[bool, option("show those that were retracted too", "--all")] = False,
    list_only: Annotated[bool, option("list the flags and stop", "--list")] = False,
    label: Annotated[
        list[str] | None,
        option(
            "answer without the window, as often as needed; a label is negative, positive, "
            "surprise or none",
            metavar="ID=LABEL",
        ),
    ] = None,
    subject: Annotated[str | None, option("whose face it is, for labels.csv")] = None,
    face_model: Annotated[Path | None, option("file face_landmarker.task")] = None,
) -> None:
    """Check what a session flagged, clip by clip, and label it.

    A window shows each flagged movement in a loop, four times slower, with the head held still;
    onset and apex are shown in turn next to it.  One key labels it:

        1 negative   2 positive   3 surprise   0 not a micro-expression   u not sure
        space next   b back   s speed   c movement or whole clip   f face or whole frame   q end

    The program's own answer is shown after yours.  Every answer is kept at once in the session's
    labels.csv; the same command goes on where you stopped, and fleeting train reads that file
    (--data sessions=FOLDER).  At the end it says how often the program was right.
    """
    from realtime.review.program import check

    check(
        session,
        all_flags=all_flags,
        list_only=list_only,
        label=label or (),
        subject=subject,
        face_model_file=face_model,
    )


@command(
    "fleeting export sessions/20261127-204500-0001 --elan interview.eaf",
    "fleeting export sessions/20261127-204500-0001 --bids sub-01_task-film_events.tsv",
)
def export(
    session: SessionFolder,
    elan: Annotated[Path | None, option("ELAN file", panel=_FORMATS, metavar="FILE.eaf")] = None,
    bids: Annotated[
        Path | None,
        option(
            "BIDS table of events; its .json is written with it", panel=_FORMATS, metavar="FILE.tsv"
        ),
    ] = None,
    media: Annotated[
        Path | None, option("video for ELAN, where it is not in its old place", panel=_FORMATS)
    ] = None,
    force: Annotated[
        bool, option("write new files in the place of those that are there", "--force")
    ] = False,
) -> None:
    """Write a session's events as an ELAN file or a BIDS table.

    ELAN: the tiers flagged, apex, reviewed (what a person answered in fleeting review), rejected
    and not judged, in the time of the video, which is linked if it is still there.  BIDS: one row
    an event, and a .json that explains the columns.  Times are seconds on the time line of the
    source.

    In a file that is there, what this program wrote before is replaced and all the rest is kept:
    tiers, rows and columns of others.
    """
    from realtime.export.program import write

    write(session, elan=elan, bids=bids, media=media, force=force)


@command(
    "fleeting batch interviews/ --output sessions/",
    "fleeting batch interviews/ -- --alarms-per-minute 1 --profile profiles/anna.json",
)
def batch(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="of videos, with the folders below it")
    ],
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- OPTIONS]", help="after --: options of fleeting live"),
    ] = None,
    output: Annotated[Path, option("folder in which session folders are made")] = Path("sessions"),
    workers: Annotated[int, option(Limits("videos at once; two cores each", 1, 64))] = 1,
    again: Annotated[bool, option("analyse again what has been analysed", "--again")] = False,
) -> None:
    """Analyse every video of a folder.

    Each video becomes a session of its own, as fleeting live --pace fast makes it, in a folder
    with the path of the video.  What has been analysed to its end with the same options is not
    analysed again, so the same command goes on where it was stopped, and includes new and replaced
    videos.  At the end archive.csv in the output folder has a row a video: what became of it, its
    duration, how long the face could be judged, what was flagged.
    """
    from realtime.batch.program import analyse_folder

    code = analyse_folder(folder, flags or (), output=output, workers=workers, again=again)
    if code:
        raise typer.Exit(code)
