"""`fleeting redact`: a session keeps its numbers and loses its pictures, or all but a part of them.

What stays is made first, beside the originals; then session.json says so; then the originals go.
Killed before, the session is as it was; killed after, the same command finishes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.atomic_file import private_folder, sync_folder
from realtime.capture.video_file import VideoFile
from realtime.encryption.media import is_sealed, key_of, read_still
from realtime.encryption.sealed_file import sealed
from realtime.errors import DataError, RecordingError, SettingsError, SourceError, recording_error
from realtime.event import Event
from realtime.export.safe_text import counted, one_line
from realtime.face.face import Box, Face, FaceTracker
from realtime.face.geometry import face_box
from realtime.recording.clip_writer import ClipWriter
from realtime.recording.removal import remove_tree
from realtime.recording.session import Session, open_session
from realtime.recording.session_folder import RECORD
from realtime.recording.session_lock import is_being_recorded
from realtime.retention.masks import Part, masked

Kept = Literal["none", "mouth", "brows", "mesh"]

_STAGE = "redacted"  # folder of what stays, until the originals are gone
_DROP = "drop.json"  # in it: the originals that go
_PICTURES = ("clips/*.mp4*", "video/*.mp4*", "stills/*.png")


def redact(folder: Path, kept: Kept, tracker: FaceTracker | None = None) -> None:
    """Redact a session and say what became of each picture.

    Args:
        kept: what stays of every picture.
        tracker: of several faces; needed unless nothing stays.

    Raises:
        DataError: it is no session with a record.
        SettingsError: it is redacted already, in another way.
        RecordingError: it is being recorded, or cannot be written.
    """
    session = open_session(folder)
    record = session.record
    if record is None:
        raise DataError(
            f"{folder}: its {RECORD} cannot be read, so nothing could say what was done"
        )
    if is_being_recorded(folder):
        raise RecordingError(f"{folder} is being recorded; end the run first")
    begun = record.redacted == kept and (folder / _STAGE / _DROP).is_file()
    if record.redacted is not None and not begun and kept != "none":
        raise SettingsError(f"{folder} is redacted: of its pictures stays {record.redacted}")
    try:
        if not begun:
            _stage(session, kept, tracker)
            files = session.files
            files.replace(RECORD, record.model_copy(update={"redacted": kept}).to_json())
        gone = _commit(folder)
    except OSError as error:
        raise recording_error(error, str(folder)) from error
    sys.stdout.write(
        f"{one_line(str(folder))}: {counted(gone, 'picture')} removed; numbers are kept\n"
    )


def _stage(session: Session, kept: Kept, tracker: FaceTracker | None) -> None:
    stage = session.folder / _STAGE
    if stage.exists():
        remove_tree(stage)
    names = list(_pictures(session.folder))
    staged = []
    private_folder(stage)
    if kept != "none":
        assert tracker is not None
        events = {event.id: event for event in session.events}
        for name in names:
            if _stage_one(session.folder, name, kept, tracker, events):
                staged.append(name)
                sys.stdout.write(f"{one_line(name)}: {kept} kept\n")
    drop = [name for name in names if name not in staged]
    (stage / _DROP).write_text(json.dumps(drop))
    sync_folder(stage)


def _commit(folder: Path) -> int:
    """Both halves may be done again; how many pictures are gone."""
    stage = folder / _STAGE
    drop = json.loads((stage / _DROP).read_text())
    for name in drop:
        (folder / name).unlink(missing_ok=True)
    for place in ("clips", "video", "stills"):
        if (stage / place).is_dir():
            for made in sorted((stage / place).iterdir()):
                made.replace(folder / place / made.name)
            sync_folder(folder / place)
    remove_tree(stage)
    return len(drop)


def _pictures(folder: Path) -> Iterator[str]:
    for pattern in _PICTURES:
        for path in sorted(folder.glob(pattern)):
            yield path.relative_to(folder).as_posix()


def _stage_one(
    folder: Path, name: str, part: Part, tracker: FaceTracker, events: Mapping[str, Event]
) -> bool:
    """Whether something of the picture stays."""
    target = folder / _STAGE / name
    identity = target.name.split(".")[0].split("_")[0]
    event = events.get(identity)
    near = None if event is None else event.face_box
    private_folder(target.parent)
    if name.endswith("_displacement.png") or not name.endswith((".png", ".mp4")):
        return False  # the crop is in it; what was left of a clip is not worth the risk
    tracker.reset()
    key = key_of(folder / name) if is_sealed(folder / name) else None
    if name.endswith(".png"):
        picture = read_still(folder / name)
        if picture is None:
            return False
        done, png = cv2.imencode(".png", masked(picture, _face(tracker, 0, picture, near), part))
        target.touch(mode=0o600)
        data = png.tobytes()
        target.write_bytes(data if key is None else sealed(data, key))
        return bool(done)
    return _stage_clip(folder / name, target, part, tracker, near, key)


def _stage_clip(
    clip: Path,
    target: Path,
    part: Part,
    tracker: FaceTracker,
    near: Box | None,
    key: bytes | None,
) -> bool:
    try:
        film = VideoFile(clip)
    except SourceError:  # nothing in it can be decoded
        return False
    with film, ClipWriter(target, film.info.width, film.info.height, key) as writer:
        while (shot := film.read()) is not None:
            face = _face(tracker, shot.t_ns, shot.image, near)
            writer.write(masked(shot.image, face, part), shot.t_ns)
    return True


def _face(
    tracker: FaceTracker, t_ns: int, image: NDArray[np.uint8], near: Box | None
) -> Face | None:
    """The face that moved; where it is not known, the largest."""
    found = tracker.track(t_ns, image)
    if near is None or not found:
        return next(iter(found), None)
    middle = np.array([near[0] + near[2], near[1] + near[3]]) / 2

    def distance(face: Face) -> float:
        box = face_box(face.landmarks)
        centre = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        return float(np.hypot(*(centre - middle)))

    return min(found, key=distance)
