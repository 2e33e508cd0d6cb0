"""The one reader of a recorded session, with all revisions applied.

    session = open_session(Path("sessions/20261127-204500-0001"))
    for event in session.events: ...

Nothing is written here.  What was damaged by a kill or an editor is left out and reported in
`troubles`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from realtime.errors import DataError, RecordingError
from realtime.event import Event
from realtime.face.judged_time import JudgedTime, Verdict, judged_time
from realtime.recording.event_log import NAME as EVENTS
from realtime.recording.event_table import event_columns, event_rows
from realtime.recording.frame_row import FrameRow
from realtime.recording.frames_csv import read_rows, read_verdicts
from realtime.recording.labels import Label, read_labels
from realtime.recording.markers import Marker, read_markers
from realtime.recording.session_folder import RECORD, SessionFolder
from realtime.recording.session_record import SessionRecord
from realtime.recording.table_columns import frame
from realtime.recording.video_segments import Span, VideoSegment, filmed_spans, read_segments

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class Clip:
    """The film of one event.  Seconds are those of the time line of the source."""

    event_id: str
    path: Path
    first_frame_s: float | None  # None: its notes are not there
    missing_pre_roll_s: float  # of the pre-roll that was requested
    degraded: bool  # frames are missing in it, or its pre-roll is shorter than requested
    complete: bool  # the whole post-roll is in it


class _Notes(BaseModel):
    """NAME.json beside NAME.mp4."""

    onset_ns: int
    t_ns: tuple[int, ...]
    missing_pre_roll_s: float = 0.0
    degraded: bool = False
    complete: bool = True


class Session:
    """One session folder, read on demand.

    Attributes:
        folder: where it lies.
        record: `session.json`; None: there is none that can be read.
        lines: every event line in order, revisions beside what they revise.
        flagged: every flagged movement as it was first flagged, in that order.
        events: every event with its revisions applied, in the order of flagging.
        troubles: what could not be read, a sentence each.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = SessionFolder(folder)
        self.troubles: list[str] = []
        self.record = self._record()
        self.lines = tuple(self._lines())
        self.events = tuple({event.id: event for event in self.lines}.values())
        first: dict[str, Event] = {}
        for event in self.lines:
            if event.kind == "micro":
                first.setdefault(event.id, event)
        self.flagged = tuple(first.values())

    @cached_property
    def frames(self) -> tuple[FrameRow, ...]:
        """Every row of frames.csv: one for each face of each analysed frame.

        Raises:
            DataError: it is not a table of frames.
        """
        return tuple(read_rows(self.folder))

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Whether each analysed frame was assessable.  Raises DataError as `frames` does."""
        return tuple(read_verdicts(self.folder))

    @cached_property
    def judged(self) -> JudgedTime:
        """For how long a face could be judged, and why not.  Raises DataError as `frames` does."""
        return judged_time(self.verdicts)

    @cached_property
    def clips(self) -> Mapping[str, Clip]:
        """The clips that are there, by the id of their event."""
        found = (self._clip(event) for event in self.events)
        return {clip.event_id: clip for clip in found if clip is not None}

    @cached_property
    def video(self) -> tuple[VideoSegment, ...]:
        """The segments of the whole session that are there, with `--pictures video`."""
        return tuple(read_segments(self.files, self.troubles))

    @cached_property
    def filmed(self) -> Sequence[Span]:
        """The time of which that video shows every frame; it reads where the last segment ends.

        Raises:
            DataError: the video is encrypted, and cannot be decrypted.
        """
        return filmed_spans(self.video)

    @cached_property
    def markers(self) -> tuple[Marker, ...]:
        """In the order of their times.  Raises DataError: the file cannot be read."""
        found = read_markers(self.folder, self.troubles)
        return tuple(sorted(found, key=lambda marker: marker.t_s))

    @cached_property
    def labels(self) -> Mapping[str, tuple[Label, ...]]:
        """What people answered, by coder; what cannot be read is added to `troubles`.

        Raises:
            DataError, RecordingError: a file of labels cannot be read.
        """
        return read_labels(self.folder, self.troubles)

    def to_pandas(self) -> DataFrame:
        """The events as a table, one row each, with what coders answered beside.

        Raises:
            ModuleNotFoundError: pandas is not installed.
            DataError, RecordingError: labels cannot be read.
        """
        record = self.record
        rows = event_rows(
            *(self.events, self.labels),
            session=self.folder.resolve().name,
            participant="" if record is None else record.participant,
            condition="" if record is None else record.condition,
        )
        return frame(event_columns(sorted(self.labels)), rows)

    @property
    def source(self) -> Path | None:
        """The video that was analysed, if it was one and is still there."""
        path = None if self.record is None else Path(self.record.source)
        try:
            return path if path is not None and path.is_file() else None
        except (OSError, ValueError):
            return None

    def _record(self) -> SessionRecord | None:
        path = self.folder / RECORD
        try:
            return SessionRecord.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, DataError) as error:
            self.troubles.append(f"{RECORD}: {error}")
            return None

    def _lines(self) -> Iterator[Event]:
        """Every line of the event log.  What stands after its last newline was never finished."""
        try:
            *lines, _ = (self.folder / EVENTS).read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(f"{self.folder / EVENTS} cannot be read: {error.strerror}") from error
        for number, line in enumerate(lines, start=1):
            try:
                yield Event.from_json(line)
            except DataError as error:
                self.troubles.append(f"{EVENTS} line {number}: {error}")

    def _clip(self, event: Event) -> Clip | None:
        if event.clip is None:
            return None
        stem = event.clip.removesuffix(".mp4")
        try:
            places = [self.files.path(name) for name in (event.clip, f"{stem}.recovered.mp4")]
            notes_at = self.files.path(f"{stem}.json")
        except RecordingError:  # a name that leads out of the folder, or a link
            return None
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            return None
        try:
            notes = _Notes.model_validate_json(notes_at.read_bytes())
            after_onset_s = (notes.t_ns[0] - notes.onset_ns) / 1e9
        except (OSError, ValidationError, IndexError):
            return Clip(event.id, path, None, 0.0, degraded=True, complete=False)
        # the clip counts on the source's own clock, the event from its first frame; the onset as
        # it was flagged is known on both
        flagged = next((known for known in self.flagged if known.id == event.id), event)
        return Clip(
            event.id,
            path,
            flagged.onset_s + after_onset_s,
            notes.missing_pre_roll_s,
            notes.degraded,
            notes.complete,
        )


def open_session(folder: Path | str) -> Session:
    """Read a session folder.

    Raises:
        DataError: it is not one, or its events cannot be read.
    """
    folder = Path(folder)
    if not any((folder / name).is_file() for name in (RECORD, EVENTS)):
        raise DataError(
            f"{folder} is not a session: there is no {RECORD} in it (sessions lie in sessions/)"
        )
    return Session(folder)
