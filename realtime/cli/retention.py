"""`fleeting tidy`, `forget`, `redact` and `new-key`: how sessions and pictures go, or are safe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from realtime.cli.command import command
from realtime.cli.options import OneSession, option
from realtime.limits import Limits

PANEL = "What is kept"


@command(
    "fleeting tidy sessions/ --keep-days 90 --max-gb 50",
    "fleeting tidy sessions/ --keep-days 90 --max-gb 50 --apply",
    interrupted="stopped; the same command goes on",
)
def tidy(
    output: Annotated[Path, typer.Argument(metavar="FOLDER", help="of sessions")] = Path(
        "sessions"
    ),
    keep_days: Annotated[
        float | None, option(Limits("days a session stays after its end", 0, 36500, above=True))
    ] = None,
    max_gb: Annotated[
        float | None,
        option(
            Limits("size of all sessions, GB; the oldest go first", 0, 1e6, above=True), "--max-gb"
        ),
    ] = None,
    apply: Annotated[
        bool, option("remove what is due, and keep these limits for the folder", "--apply")
    ] = False,
) -> None:
    """Show which sessions are due to go, by age, size and the end of their consent.

    Nothing is removed without --apply.  With it the limits are kept in the folder and hold at
    every start that records there.  Only sessions of this program go; one that holds files of
    somebody else stays, and so does one that is being recorded.  retention.jsonl notes how many
    went, and never which.
    """
    from realtime.retention.tidy import tidy as tidied

    tidied(output, keep_days=keep_days, max_gb=max_gb, apply=apply)


@command(
    "fleeting forget P07 --output sessions/",
    "fleeting forget sessions/20261127-204500-0001 --yes",
    interrupted="stopped; the same command goes on",
)
def forget(
    what: Annotated[
        str, typer.Argument(metavar="P07|SESSION", help="a participant, or one session folder")
    ],
    output: Annotated[Path, option("folder of sessions, or of a study")] = Path("sessions"),
    runs: Annotated[Path, option("folder of training runs, which may hold crops")] = Path("runs"),
    yes: Annotated[bool, option("do not ask", "--yes")] = False,
) -> None:
    """Remove everything of a participant, or of one session, and list what was removed.

    These are the session folders with all that lies in them, the rows of participants.tsv and
    archive.csv, the notes of the batch, and the crops that training runs have cached.  What this
    program does not know stays: films, exported files, backups.
    """
    from realtime.retention.forget import confirmed, forget_plan
    from realtime.retention.forget import forget as forgotten

    found = forget_plan(what, output)
    if not confirmed(found, yes=yes):
        raise typer.Exit(1)
    forgotten(found, runs)


@command(
    "fleeting redact sessions/20261127-204500-0001",
    "fleeting redact sessions/20261127-204500-0001 --keep mouth",
    interrupted="stopped; the same command goes on",
)
def redact(
    session: OneSession,
    keep: Annotated[
        Literal["none", "mouth", "brows", "mesh"],
        option("what stays of every picture; mesh: a drawing of the landmarks"),
    ] = "none",
    face_model: Annotated[Path | None, option("file face_landmarker.task")] = None,
) -> None:
    """Remove the pictures of a session, or all but a part of them, for good; keep its numbers.

    Events, times, labels and the table of frames stay as they are.  With --keep every clip and
    still is made anew: the mouth, the brows, or lines between the landmarks, on black.  A frame in
    which the face is not found is black.  The pictures of the displacement show a face and go.
    """
    from realtime.retention.redact import redact as redacted

    if keep == "none":
        redacted(session, keep)
        return
    from realtime.face.landmarker import LandmarkTracker
    from realtime.face.weights import face_model as obtained
    from realtime.settings.tree import MOST_FACES

    redacted(session, keep, LandmarkTracker(obtained(face_model), max_faces=MOST_FACES))


@command("fleeting new-key ~/fleeting.key", "fleeting new-key keyring")
def new_key(
    place: Annotated[Path, typer.Argument(metavar="FILE|keyring", help="where the key is kept")],
) -> None:
    """Make a key for clips and stills that are encrypted (fleeting live --key)."""
    from realtime.encryption.key import make_key

    make_key(place)
