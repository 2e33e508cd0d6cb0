"""Check what a session flagged: `python -m realtime.review sessions/20261127-204500-0001`

A window shows each flagged movement in a loop, four times slower, with the head held still; beside
it onset and apex take turns.  One key labels it:

    1 negative   2 positive   3 surprise   0 not a micro-expression   u not sure
    space next   b back   s speed   c movement or whole clip   f face or whole frame   q end

What the program thought is shown once you have answered.  Every answer is kept at once in the
session's labels.csv; the same command goes on where you stopped, and the trainer reads that file:
python -m model.train --data sessions=FOLDER.  At the end it says how often the program was right.

Without a screen the flags are listed, and --label 0007=none says it from a script.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
from rich.console import Console

from realtime.errors import FleetingError, SettingsError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.recording.labels_csv import LABELS, Labels
from realtime.recording.session import open_session
from realtime.review.figures import figures, in_words, listing
from realtime.review.flags import Flag, read_flags
from realtime.review.replay import FacePosition, ReplayFrame, replay
from realtime.review.reviewer import Reviewer
from realtime.review.window import has_screen, run
from realtime.settings import MOST_FACES


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="realtime.review",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("session", type=Path, help="a folder below sessions/")
    parser.add_argument("--all", action="store_true", help="those that were taken back too")
    parser.add_argument("--list", action="store_true", help="list the flags and stop")
    parser.add_argument(
        "--label", action="append", default=[], metavar="ID=LABEL", help=f"{', '.join(LABELS)}"
    )
    parser.add_argument("--subject", help="whose face it is, for the labels file")
    parser.add_argument("--face-model", type=Path, help="face_landmarker.task")
    given = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 100)
    try:
        session = open_session(given.session)
        flags, labels = read_flags(session), Labels(session.files)
        for text in given.label:
            _say(text, flags, labels, given.subject)
        watched = [f for f in flags if f.clip and (given.all or f.stands)]
        if watched and not (given.list or given.label):
            if has_screen():
                _watch(watched, labels, given)
            else:
                console.print("no screen here: say it by --label ID=LABEL, or review it elsewhere")
        console.print(listing(flags, labels))
        for line in in_words(figures(flags, labels, session.judged.judged_s / 60)):
            console.print(line, highlight=False)
    except FleetingError as error:
        sys.stderr.write(f"realtime.review: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("stopped; every answer is kept\n")
        return 130
    return 0


def _say(text: str, flags: Sequence[Flag], labels: Labels, subject: str | None) -> None:
    identity, _, label = text.partition("=")
    if identity not in {flag.id for flag in flags}:
        raise SettingsError(f"--label {text}: no flagged movement {identity!r}; see --list")
    if label not in LABELS:
        raise SettingsError(f"--label {text}: the label is one of {', '.join(LABELS)}")
    labels.set(identity, label, subject)


def _watch(flags: Sequence[Flag], labels: Labels, given: argparse.Namespace) -> None:
    cv2.setNumThreads(1)
    tracker = LandmarkTracker(face_model(given.face_model), max_faces=MOST_FACES)

    def look(flag: Flag) -> Sequence[ReplayFrame]:
        assert flag.clip is not None
        event, first_s = flag.event, flag.first_frame_s
        apex_s = 0.0 if first_s is None else event.apex_s - first_s
        place = event.face_box and FacePosition(apex_s, event.face_box)
        return replay(flag.clip.path, tracker, place)

    run(Reviewer(flags, labels, look, given.subject))


if __name__ == "__main__":
    sys.exit(main())
