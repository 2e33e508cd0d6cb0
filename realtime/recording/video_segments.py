"""The segments of a session's video (`--pictures video`), for whoever shows the session.

Seconds are those of the session's time line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from realtime.encryption.media import open_media
from realtime.errors import RecordingError
from realtime.recording.session_folder import SessionFolder

NAME = "video.jsonl"
SEGMENT_S = 60.0  # length of a segment that nothing ends before
_NEXT_S = 0.5  # a segment that was ended by its length is followed within this time

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class VideoSegment:
    path: Path
    start_s: float  # of its first frame


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True)

    schema_: Literal[1] = Field(alias="schema")
    file: str
    start_s: FiniteFloat


def read_segments(files: SessionFolder, troubles: list[str]) -> Iterator[VideoSegment]:
    """The segments that are there, in the order of their times.

    Args:
        troubles: what cannot be read is added, a sentence each.
    """
    try:
        *lines, _ = (files.folder / NAME).read_bytes().split(b"\n")  # behind the last: torn
    except FileNotFoundError:
        return
    except OSError as error:
        troubles.append(f"{NAME} cannot be read: {error.strerror}")
        return
    for number, line in enumerate(lines, start=1):
        try:
            said = _Line.model_validate_json(line)
            stem = said.file.removesuffix(".mp4")
            places = [files.path(name) for name in (said.file, f"{stem}.recovered.mp4")]
        except (ValidationError, RecordingError):  # such as a name that leads out of the folder
            troubles.append(f"{NAME} line {number}: it names no segment of this session")
            continue
        path = next((place for place in places if place.is_file()), None)
        if path is not None:
            yield VideoSegment(path, said.start_s)


def filmed_spans(segments: Sequence[VideoSegment]) -> list[Span]:
    """The time from the first to the last frame of each segment; those that touch are one.

    Raises:
        DataError: a segment is encrypted, and cannot be decrypted.
    """
    spans: list[Span] = []
    for segment, following in pairwise([*segments, None]):
        assert segment is not None
        end_s = _end_s(segment, following)
        if spans and segment.start_s - spans[-1][1] <= _NEXT_S:
            spans[-1] = spans[-1][0], end_s
        else:
            spans.append((segment.start_s, end_s))
    return spans


def _end_s(segment: VideoSegment, following: VideoSegment | None) -> float:
    """Read out of the file, where it is not the usual length: that takes a while."""
    if following is not None:
        to_next_s = following.start_s - segment.start_s
        if SEGMENT_S <= to_next_s <= SEGMENT_S + _NEXT_S:
            return following.start_s
    return segment.start_s + _length_s(segment.path)


def _length_s(path: Path) -> float:
    """To its last frame; 0 of a file that is no film."""
    import av  # not by every program that reads a session

    last = 0.0
    with open_media(path) as file:
        try:
            with av.open(file, mode="r") as container:
                for packet in container.demux(video=0):
                    if packet.pts is not None and packet.time_base is not None:
                        last = max(last, float(packet.pts * packet.time_base))
        except (av.FFmpegError, OSError, IndexError):  # cut short: what was whole counts
            return last
    return last
