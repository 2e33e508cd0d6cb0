"""Video files, decoded by PyAV, every frame in the order of showing and at its own time.

Times are those of the file's own time line, as a player shows them: the presentation time in
containers whose time line begins at zero, and the time since the start of the container where
its clock begins anywhere (MPEG transport and program streams).  So a film whose picture begins
half a second after its sound begins at 0.5 s.  Where the time stamps restart, the frames go on
one frame interval after the last (`media_clock.py`).

A high-speed camera stores its film at a rate for viewing, and a bare stream of pictures (`.h264`)
knows no times at all: frame number `n` of a film whose rate is given stands at `n / fps`.

Used through `open_source`.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from fractions import Fraction
from pathlib import Path
from typing import Self

import av

from realtime.capture.address import printable_path
from realtime.capture.film_container import film_stream, open_container
from realtime.capture.film_picture import picture
from realtime.capture.film_tags import filmed_rate, stated_length_s
from realtime.capture.frame_store import EntryPoint, FilmIndex
from realtime.capture.media_clock import MediaClock, PlacedFrame
from realtime.capture.presentation_order import PresentationOrder
from realtime.capture.source import SourceInfo, SourceKind, TimedFrame, size_change
from realtime.capture.time_base import in_ns
from realtime.errors import SettingsError, SourceError

logger = logging.getLogger(__name__)

_TIMELESS = {"h264", "hevc", "m4v", "mjpeg"}  # FFmpeg would make times up
_CLOCK_OF_ITS_OWN = {"mpegts", "mpeg"}  # whose first time stamp may be anything
_DECODING_TIMES = {"avi"}  # which stores no presentation times
_MAX_THREADS = 4  # each holds frames of its own
_DEFAULT_FPS = 30
_NS = 1_000_000_000


class VideoFile:
    """One video file, in order, to its end.

    Args:
        path: the file.
        fps: the rate it was filmed at, where its own times are wrong or missing.
        index: filled with what is needed to enter the film again.
        again: a part of it is read once more, beside the reader that comes first: with one
            thread, and without the remarks that were made.
        entry: where to begin then, of the index of the first reading.

    Raises:
        SourceError: when the file cannot be opened, holds no film or cannot be entered there.
        SettingsError: when its pictures have no times and no rate is given.
    """

    def __init__(
        self,
        path: Path,
        fps: float | None = None,
        *,
        index: FilmIndex | None = None,
        again: bool = False,
        entry: EntryPoint | None = None,
    ) -> None:
        self.undecodable = 0
        self._fps = fps
        self._index = index
        self._entry = entry
        self._shape: tuple[int, ...] | None = None  # of the last picture
        self._first: TimedFrame | None = None
        self._name = printable_path(path)
        self._file, self._container = open_container(path)
        try:
            self._open_stream(again=again)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> TimedFrame | None:
        """The next frame; None at the end of the file."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return self._next_frame()

    def skip_to(self, t_ns: int) -> None:
        """The next frame is the first at or after a time that has not been read yet."""
        if self._first is not None:
            if self._first.t_ns >= t_ns:
                return
            self._first = None
        while self._has_placed() and self._placed[0].t_ns < t_ns:
            self._placed.popleft()

    def entry_before(self, t_ns: int) -> EntryPoint | None:
        """Where to enter the film to read it from a time on; it is not read on after this.

        For a film that was not read to there by this program's own index.  None: its time stamps
        do not lead there, so it is read from its beginning.
        """
        own_times = (
            self._container.format.name not in _TIMELESS | _CLOCK_OF_ITS_OWN | _DECODING_TIMES
        )
        if self._clock is None or self._fps is not None or not own_times:
            return None
        base = self._stream.time_base or Fraction(1, 1_000_000)
        stamp = int(Fraction(self._clock.raw_of(t_ns), _NS) / base)
        try:
            self._container.seek(stamp, stream=self._stream)
            packet = next(self._container.demux(self._stream), None)
        except av.FFmpegError:
            return None
        if packet is None or packet.pts is None or not packet.is_keyframe or packet.pts > stamp:
            return None
        raw_ns = in_ns(packet.pts, base)
        return EntryPoint(packet.pts, self._clock.time_of(raw_ns), self._clock.offset_ns, None)

    def close(self) -> None:
        """May be called twice."""
        self._container.close()
        self._file.close()

    def _open_stream(self, *, again: bool) -> None:
        name, timeless = self._name, self._container.format.name in _TIMELESS
        self._stream = film_stream(self._container, name)
        if timeless and self._fps is None:
            raise SettingsError(f"{name} holds pictures without times: give their rate with --fps")
        self._stream.thread_type = "AUTO"
        threads = 1 if again else min(_MAX_THREADS, os.cpu_count() or 1)
        self._stream.codec_context.thread_count = threads
        self._packets = self._container.demux(self._stream)
        self._order: PresentationOrder[av.VideoFrame] = PresentationOrder()
        self._clock: MediaClock[av.VideoFrame] | None = None
        self._placed: deque[PlacedFrame[av.VideoFrame]] = deque()
        self._positions: dict[int | None, int | None] = {}  # of keyframes on their way
        self._stamp_ns = 0  # of the last frame decoded
        self._lead_ns = 0  # by which FFmpeg's time stamps of a container without them are late
        self._begun = self._ended = False
        self._number = -1  # of the last frame that was placed
        rate = None if timeless else self._stream.average_rate or self._stream.guessed_rate
        tags = {**self._stream.metadata, **self._container.metadata}
        self._filmed = filmed_rate(tags, rate if self._fps is None else None)
        remarks = [self._filmed.remark] if self._filmed.remark else []
        if self._fps and rate and abs(self._fps / float(rate) - 1) > 0.01:
            remarks.append(
                f"stored at {float(rate):.5g} fps; "
                f"its frames are placed at {self._fps:.5g} fps, as --fps says"
            )
        for remark in remarks if not again else ():
            logger.warning("%s: %s", name, remark)
        self._interval_ns = round(_NS / (rate or _DEFAULT_FPS) * self._filmed.scale)
        if self._entry is not None:
            self._enter(self._entry)
        self._first = self._next_frame()
        if self._first is None:
            raise SourceError(f"no picture of {name} could be decoded")
        height, width = self._first.image.shape[:2]
        self.info = SourceInfo(
            SourceKind.FILE,
            name,
            width,
            height,
            requested_fps=self._fps,
            reported_fps=float(rate / self._filmed.scale) if rate else None,
            live=False,
            frame_count=self._frame_count(rate),
            length_s=self._length_s(rate),
            start_ns=self._first.t_ns,
            remarks=tuple(remarks),
        )

    def _frame_count(self, rate: Fraction | None) -> int | None:
        """As the header states it, or by the length that it states."""
        length_s = (self._container.duration or 0) / av.time_base
        return self._stream.frames or round(length_s * float(rate or 0)) or None

    def _length_s(self, rate: Fraction | None) -> float | None:
        """As the header states it; None: it does not, or FFmpeg would measure what is there."""
        kind, stream = self._container.format.name, self._stream
        if self._fps is not None or not rate or kind in _TIMELESS | _CLOCK_OF_ITS_OWN:
            return None
        if kind in _DECODING_TIMES:
            stated_s = [float(stream.frames / rate)]
        else:
            own_s = float((stream.duration or 0) * (stream.time_base or 0))
            stated_s = [own_s or stated_length_s(stream.metadata)]
            if any(stated_s) or len(self._container.streams) == 1:  # another may be longer
                stated_s.append((self._container.duration or 0) / av.time_base)
        known_s = [length_s for length_s in stated_s if length_s > 0]
        return min(known_s) * float(self._filmed.scale) if known_s else None

    def _enter(self, entry: EntryPoint) -> None:
        try:
            if entry.position is None:
                self._container.seek(entry.stamp, stream=self._stream)
            else:
                self._container.seek(entry.position, unsupported_byte_offset=True)
        except av.FFmpegError:
            raise SourceError(f"{self._name} cannot be entered at {entry.t_ns / 1e9} s") from None
        if self._fps is not None:
            self._number = round(entry.t_ns * self._fps / _NS) - 1
        self._clock = MediaClock(entry.offset_ns, self._filmed.scale, self._interval_ns)

    def _next_frame(self) -> TimedFrame | None:
        if not self._has_placed():
            return None
        placed = self._placed.popleft()
        image = picture(placed.frame, self._stream)
        restart = placed.restart
        if self._shape not in (None, image.shape):
            restart = "; ".join(filter(None, (restart, size_change(self._shape, image.shape))))
            if self._index is not None:
                self._index.add_restart(placed.t_ns)
        self._shape = image.shape
        return TimedFrame(placed.t_ns, image, restart)

    def _has_placed(self) -> bool:
        while not self._placed and not self._ended:
            self._decode()
        return bool(self._placed)

    def _decode(self) -> None:
        """Decode one packet, and place the frames whose turn has come."""
        try:
            packet = next(self._packets, None)
        except av.FFmpegError:  # cut short: what was whole has been given
            self.undecodable += 1
            packet = None
        if packet is None:
            self._ended = True
            self._place(self._order.flush())
            if self._clock is not None:
                self._deliver(self._clock.flush())
            return
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is not None:
            base = self._stream.time_base
            decoded = None if packet.dts is None else in_ns(packet.dts, base)
            self._order.packet(in_ns(stamp, base), decoded)
            if not self._begun and packet.dts is not None:
                self._lead_ns = in_ns(stamp - packet.dts, self._stream.time_base)
        self._begun = True
        if packet.is_keyframe and self._container.format.name in _CLOCK_OF_ITS_OWN:
            self._positions[packet.pts] = packet.pos
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            self.undecodable += 1
            return
        depth = self._stream.codec_context.reorder_depth
        for frame in frames:
            self._place(self._order.frame(frame, self._time_ns(frame), depth))

    def _place(self, frames: list[tuple[av.VideoFrame, int]]) -> None:
        for frame, raw_ns in frames:
            if self._entry is not None:
                if frame.pts is None or frame.pts < self._entry.stamp:
                    continue  # shown before the keyframe, though stored behind it
                if frame.pts > self._entry.stamp:
                    raise SourceError(f"{self._name} has no keyframe at {self._entry.t_ns / 1e9} s")
                self._entry = None
            self._number += 1
            if frame.is_corrupt:
                self.undecodable += 1
            elif self._fps is not None:
                t_ns = round(self._number * _NS / self._fps)
                self._deliver([PlacedFrame(frame, t_ns)])
            else:
                if self._clock is None:
                    zero_ns = self._zero_ns(raw_ns)
                    self._clock = MediaClock(-zero_ns, self._filmed.scale, self._interval_ns)
                self._deliver(self._clock.place(frame, raw_ns))

    def _deliver(self, placed: list[PlacedFrame[av.VideoFrame]]) -> None:
        self._placed.extend(placed)
        if self._index is None:
            return
        own_times = self._order.stored or self._stream.codec_context.reorder_depth == 0
        for one in placed:
            if one.restart:
                self._index.add_restart(one.t_ns)
            elif own_times and one.frame.key_frame and one.frame.pts is not None:
                position = self._positions.pop(one.frame.pts, None)
                self._index.add(EntryPoint(one.frame.pts, one.t_ns, one.offset_ns, position))

    def _zero_ns(self, first_ns: int) -> int:
        """The time stamp that is time 0 of the file's own time line."""
        if self._container.format.name in _CLOCK_OF_ITS_OWN:
            streams = self._container.streams
            starts = [(s.start_time, s.time_base) for s in streams if s.start_time is not None]
            return min((in_ns(stamp, base) for stamp, base in starts), default=first_ns)
        if self._container.format.name in _DECODING_TIMES:
            return self._lead_ns
        return min(0, first_ns)

    def _time_ns(self, frame: av.VideoFrame) -> int:
        """Its time stamp; that of the frame before where it has none."""
        stamp = frame.dts if frame.pts is None else frame.pts
        if stamp is not None:
            self._stamp_ns = in_ns(stamp, frame.time_base)
        return self._stamp_ns
