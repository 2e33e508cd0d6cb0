"""`fleeting review`, `export` and `batch`: what is done with sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from realtime.cli.command import command
from realtime.cli.options import OneSession, option
from realtime.limits import Limits

PANEL = "Sessions"

_FORMATS = "Formats"
_SAMPLE = "Sample"


@command(
    "fleeting review sessions/",
    "fleeting review sessions/ --coder maria --sample 40",
    "fleeting review sessions/20261127-204500-0001 --summary",
    interrupted="stopped; every answer is kept",
)
def review(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", help="a folder of sessions, or one session")
    ],
    coder: Annotated[
        str, option("whose answers they are: letters, digits, - and _; a file for each coder")
    ] = "reviewer",
    sample: Annotated[
        int | None,
        option(
            Limits("draw so many items: flagged, rejected and random stretches, mixed", 3, 10000),
            panel=_SAMPLE,
        ),
    ] = None,
    seed: Annotated[
        int, option(Limits("of the sample and its order", 0, 2**31 - 1), panel=_SAMPLE)
    ] = 1,
    all_flags: Annotated[bool, option("show those that were retracted too", "--all")] = False,
    summary: Annotated[
        bool, option("print what came of it, of the sample if one was drawn, and stop", "--summary")
    ] = False,
    no_open: Annotated[bool, option("print the address, and open no browser", "--no-open")] = False,
    port: Annotated[int, option(Limits("of this machine; 0: any that is free", 0, 65535))] = 0,
    face_model: Annotated[Path | None, option("file face_landmarker.task")] = None,
) -> None:
    """Answer in the browser what a study flagged, clip by clip.

    Each movement plays in a loop, four times slower, with the head held still; onset and apex are
    shown in turn next to it, and the motion traces below.  The answer is a class, none or unsure,
    with action units, confidence and corrected onset, apex and offset.  The program's own answer is
    shown after yours.  Every answer is kept at once, in labels/CODER.jsonl of the session; the same
    command goes on where you stopped.

    With --sample, rejected movements and random stretches come among the flagged ones without a
    sign, so that recall can be estimated too.

    The pages are served on this machine alone, to the one browser that opens the address.
    """
    from realtime.review.program import review_study

    review_study(
        study,
        coder=coder,
        sample=sample,
        seed=seed,
        retracted=all_flags,
        summary_only=summary,
        browser=not no_open,
        port=port,
        face_model_file=face_model,
    )


@command(
    "fleeting export sessions/20261127-204500-0001 --elan interview.eaf",
    "fleeting export sessions/20261127-204500-0001 --bids sub-01_task-film_events.tsv",
    "fleeting export sessions/20261127-204500-0001 --elan flags.eaf --only flagged",
)
def export(
    session: OneSession,
    elan: Annotated[Path | None, option("ELAN file", panel=_FORMATS, metavar="FILE.eaf")] = None,
    bids: Annotated[
        Path | None,
        option(
            "BIDS table of events; its .json is written with it", panel=_FORMATS, metavar="FILE.tsv"
        ),
    ] = None,
    openface: Annotated[
        Path | None,
        option(
            "table of frames as OpenFace writes it: pose, gaze and blink",
            panel=_FORMATS,
            metavar="FILE.csv",
        ),
    ] = None,
    only: Annotated[
        Literal["flagged", "rejected", "all"], option("events that are written")
    ] = "all",
    media: Annotated[
        Path | None, option("video for ELAN, where it is not in its old place", panel=_FORMATS)
    ] = None,
    force: Annotated[
        bool, option("write new files in the place of those that are there", "--force")
    ] = False,
) -> None:
    """Write a session as an ELAN file, a BIDS table of events or an OpenFace table of frames.

    ELAN: the tiers flagged, apex, rejected, markers, not judged, and one for each coder, in the
    time of the video, which is linked if it is still there.  BIDS: one row an event or marker, and
    a .json that explains the columns.  OpenFace: one row a face and frame, with OpenFace's signs.
    Times are seconds on the time line of the source.

    In a file that is there, what this program wrote before is replaced and all the rest is kept:
    tiers, rows and columns of others.
    """
    from realtime.export.program import write

    write(session, elan=elan, bids=bids, openface=openface, only=only, media=media, force=force)


@command(
    "fleeting batch interviews/ --output sessions/",
    "fleeting batch films.csv --output study/ --workers 2",
    "fleeting batch interviews/ -- --alarms-per-minute 1 --profile profiles/anna.json",
)
def batch(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER",
            help="of videos, with the folders below it; or a table: file,participant,condition",
        ),
    ],
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- OPTIONS]", help="after --: options of fleeting live"),
    ] = None,
    output: Annotated[str, option("folder in which session folders are made")] = "sessions",
    workers: Annotated[int, option(Limits("videos at once; two cores each", 1, 64))] = 1,
    again: Annotated[bool, option("analyse again what has been analysed", "--again")] = False,
    cluster: Annotated[
        bool,
        option("on a Ray cluster: that of RAY_ADDRESS, or one on this machine", "--cluster"),
    ] = False,
) -> None:
    """Analyse every video of a folder, or of a table that says whose each is.

    Each video becomes a session of its own, as fleeting live --pace fast makes it, in a folder
    with the path of the video.  What has been analysed to its end with the same options is not
    analysed again, so the same command goes on where it was stopped, and includes new and replaced
    videos.  At the end archive.csv in the output folder has a row a video: what became of it, its
    duration, how long the face could be judged, what was flagged.

    A table (.csv or .tsv) has the columns file, participant and condition; a relative path is one
    from the table's own folder.  A corrected table corrects sessions that are there, without
    analysing them again, and participants.tsv in the output folder gets the participants that it
    lacks.

    With --cluster every video is a task of a Ray cluster, run again if its machine dies.  FOLDER
    and --output are paths that every machine has, or addresses (s3://, gs://, sftp://) that videos
    are fetched from and sessions written to.
    """
    from realtime.batch.program import analyse_folder

    if cluster:
        from realtime.batch.cluster_program import analyse_on_cluster

        code = analyse_on_cluster(folder, flags or (), output=output, workers=workers, again=again)
    else:
        code = analyse_folder(
            Path(folder), flags or (), output=Path(output), workers=workers, again=again
        )
    if code:
        raise typer.Exit(code)
