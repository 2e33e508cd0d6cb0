"""The frames around an item of the queue: of the film that was analysed, or what was kept of it.

The film comes first, then the video of the whole session (`--pictures video`): both show flagged,
rejected and random stretches alike.  What neither holds is shown from the event's clip.
Seconds are those of the session's time base.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from realtime.capture.frame_store import EntryPoint
from realtime.capture.source import TimedFrame
from realtime.capture.video_file import VideoFile
from realtime.errors import SettingsError, SourceError
from realtime.event import Event
from realtime.recording.session import Clip, Session
from realtime.recording.video_segments import Span, VideoSegment

_WHOLE = [(-math.inf, math.inf)]


def filmed(session: Session) -> Sequence[Span]:
    """The time of which every stretch can be shown: where the film is, all of it.

    Raises:
        DataError: the session's video is encrypted, and cannot be decrypted.
    """
    return _WHOLE if session.source is not None else session.filmed


def can_play(session: Session, event: Event) -> bool:
    """Whether there is anything to look at of an event.  Raises DataError as `filmed` does."""
    return _clip(session, event) is not None or any(
        start_s <= event.onset_s and event.offset_s <= end_s for start_s, end_s in filmed(session)
    )


def frames(
    session: Session, event: Event | None, start_s: float, end_s: float
) -> Iterator[TimedFrame]:
    """Every frame from one time to another, with `t_ns` in the session's time base.

    Raises:
        SourceError: there is nothing that can be read.
        DataError: it is encrypted, and cannot be decrypted.
    """
    if session.source is not None:
        return _of_film(session, session.source, start_s, end_s)
    clip = None if event is None else _clip(session, event)
    middle_s = (start_s + end_s) / 2
    if any(from_s <= middle_s <= to_s for from_s, to_s in filmed(session)):
        return _of_video(session.video, start_s, end_s)
    if clip is None or clip.first_frame_s is None:
        raise SourceError("neither its clip nor the film is there any more")
    return _of_clip(clip.path, clip.first_frame_s, start_s, end_s)


def _clip(session: Session, event: Event) -> Clip | None:
    """Its clip, if it is known where it begins."""
    clip = session.clips.get(event.id)
    return None if clip is None or clip.first_frame_s is None else clip


def _of_video(
    segments: Sequence[VideoSegment], start_s: float, end_s: float
) -> Iterator[TimedFrame]:
    for segment, following in pairwise([*segments, None]):
        assert segment is not None
        ended = following is not None and following.start_s <= start_s
        if segment.start_s <= end_s and not ended:
            begin_s = start_s - segment.start_s
            for frame in _of_file(segment.path, None, begin_s, end_s - segment.start_s):
                t_ns = frame.t_ns + round(1e9 * segment.start_s)
                yield TimedFrame(t_ns, frame.image, frame.restart)


def _of_clip(path: Path, first_s: float, start_s: float, end_s: float) -> Iterator[TimedFrame]:
    first_ns = round(first_s * 1e9)
    with closing(VideoFile(path)) as video:
        for frame in iter(video.read, None):
            moved = TimedFrame(frame.t_ns + first_ns, frame.image, frame.restart)
            if start_s * 1e9 <= moved.t_ns <= end_s * 1e9:
                yield moved


def _of_film(session: Session, path: Path, start_s: float, end_s: float) -> Iterator[TimedFrame]:
    counts = None if session.record is None else session.record.counts
    # after a restart its time stamps do not lead to a place
    entered = counts is not None and not counts.restarts
    return _of_file(path, _fps(session), start_s, end_s, entered=entered)


def _of_file(
    path: Path, fps: float | None, start_s: float, end_s: float, *, entered: bool = True
) -> Iterator[TimedFrame]:
    """Frames of a film, from the last place before the start that leads into it."""
    start_ns = round(max(start_s, 0.0) * 1e9)
    try:
        film = VideoFile(path, fps, again=True, entry=_entry(path, fps, start_ns, entered))
    except SettingsError as error:
        raise SourceError(str(error)) from error
    except SourceError:  # it cannot be entered there
        film = VideoFile(path, fps, again=True)
    with closing(film):
        film.skip_to(start_ns)
        for frame in iter(film.read, None):
            if frame.t_ns > end_s * 1e9:
                return
            yield frame


def _entry(path: Path, fps: float | None, t_ns: int, entered: bool) -> EntryPoint | None:
    if not entered:
        return None
    with closing(VideoFile(path, fps, again=True)) as film:
        return film.entry_before(t_ns)


def _fps(session: Session) -> float | None:
    """The rate that was given with --fps."""
    settings = {} if session.record is None else session.record.settings
    source = settings.get("source")
    fps = source.get("fps") if isinstance(source, dict) else None
    return float(fps) if isinstance(fps, int | float) else None
