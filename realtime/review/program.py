"""A person checks the flags of a session in a window, or answers on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
from rich.console import Console

from realtime.dashboard.words import printable
from realtime.errors import SettingsError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.recording.labels_csv import LABELS, Labels
from realtime.recording.session import open_session
from realtime.review.figures import figures, in_words, listing
from realtime.review.flags import Flag, read_flags
from realtime.review.replay import FacePosition, ReplayFrame, replay
from realtime.review.reviewer import Reviewer
from realtime.review.window import has_screen, run
from realtime.settings.tree import MOST_FACES


def check(
    session_folder: Path,
    *,
    all_flags: bool = False,
    list_only: bool = False,
    label: Sequence[str] = (),
    subject: str | None = None,
    face_model_file: Path | None = None,
) -> None:
    """Let a person label the flags of a session in a window, then print what came of it.

    Args:
        all_flags: the retracted ones too.
        list_only: without a window.
        label: answers as "ID=LABEL", instead of the window.
        subject: whose face it is.

    Raises:
        DataError: it is no session.
        SettingsError: an answer names no flag or no label.
    """
    console = Console(width=None if sys.stdout.isatty() else 100)
    session = open_session(session_folder)
    flags, labels = read_flags(session), Labels(session.files)
    for text in label:
        _say(text, flags, labels, subject)
    watched = [f for f in flags if f.clip and (all_flags or f.stands)]
    if watched and not (list_only or label):
        if has_screen():
            _watch(watched, labels, subject, face_model_file)
        else:
            console.print("no screen here: say it by --label ID=LABEL, or review it elsewhere")
    console.print(listing(flags, labels))
    for trouble in session.troubles:
        sys.stderr.write(f"fleeting: {printable(trouble)}; it is left out\n")
    for line in in_words(figures(flags, labels, session.judged.judged_s / 60)):
        console.print(line, highlight=False)


def _say(text: str, flags: Sequence[Flag], labels: Labels, subject: str | None) -> None:
    identity, _, label = text.partition("=")
    if identity not in {flag.id for flag in flags}:
        raise SettingsError(f"--label {text}: no flagged movement {identity!r}; see --list")
    if label not in LABELS:
        raise SettingsError(f"--label {text}: the label is one of {', '.join(LABELS)}")
    labels.set(identity, label, subject)


def _watch(
    flags: Sequence[Flag], labels: Labels, subject: str | None, face_model_file: Path | None
) -> None:
    cv2.setNumThreads(1)
    tracker = LandmarkTracker(face_model(face_model_file), max_faces=MOST_FACES)

    def look(flag: Flag) -> Sequence[ReplayFrame]:
        assert flag.clip is not None
        event, first_s = flag.event, flag.first_frame_s
        apex_s = 0.0 if first_s is None else event.apex_s - first_s
        place = event.face_box and FacePosition(apex_s, event.face_box)
        return replay(flag.clip.path, tracker, place)

    run(Reviewer(flags, labels, look, subject))
