"""Network cameras: RTSP, and video over HTTP, read by FFmpeg with time-outs.

A stream is mostly joined between two keyframes: its first pictures depend on ones that were not
received, so nothing is handed out before the first that is whole.  Later, too, a picture that is
damaged, or depends on one that was, is counted and not used.

Used through `open_source`.  Pictures are stamped with `time.monotonic_ns()` when their last
packet has arrived; they also carry the stream's own time stamp, or how long they were waited for,
which tells a missing picture from one that this program was late to read.  The address may hold a
password, so no message here repeats it or anything that FFmpeg says.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Self, cast

import av

from realtime.capture.address import Address
from realtime.capture.film_picture import picture
from realtime.capture.source import SourceInfo, SourceKind, TimedFrame
from realtime.capture.stream_reasons import reason
from realtime.capture.stream_stamps import StreamStamps
from realtime.capture.torn_picture import TearFinder
from realtime.errors import SourceError

READ_TIMEOUT_S = 1.0
WHOLE_S = 15.0  # without a whole picture: the stream is opened again
_REFRESH_S = 10.0  # a stream without keyframes has refreshed every part of its picture by then
_OPTIONS = {
    # A server may redirect, or send a playlist: neither may reach a file of this computer.
    "protocol_whitelist": "rtsp,rtsps,rtp,udp,tcp,tls,http,https,crypto",
    "rtsp_transport": "tcp",  # UDP loses parts of pictures, and half a picture moves like a face
    "fflags": "nobuffer",
    # Its own 5 s are for programs that must know everything before the first picture.
    "analyzeduration": "100000",  # µs
}
_DECODER = {"err_detect": "explode"}  # a damaged picture is an error, not a guess
_MOTION_JPEG = "mjpeg"
_NO_TIMESTAMPS = cast("int", av.format.Flags.no_timestamps.value)


class NetworkStream:
    """An opened stream.

    Args:
        open_s: from the first packet sent to the first whole picture.

    Raises:
        SourceError: when nothing answers in time, or what answers sends no whole picture.
    """

    def __init__(self, address: Address, open_s: float) -> None:
        self.undecodable = 0
        self._ready: deque[TimedFrame] = deque()
        self._waited_ns = 0  # for packets since the last picture
        self._last_ns = 0
        self._whole = False  # the pictures that the next one depends on are
        self._damaged_ns = time.monotonic_ns()  # the newest that was not, or the opening
        self._tears = TearFinder()
        self._container = _opened(address, open_s)
        try:
            self._join(address, open_s)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> TimedFrame | None:
        """The next picture; None when the stream is gone."""
        give_up_ns = time.monotonic_ns() + round(WHOLE_S * 1e9)
        while not self._ready:
            if not self._receive() or time.monotonic_ns() > give_up_ns:
                return None
        return self._ready.popleft()

    def close(self) -> None:
        """May be called twice."""
        self._container.close()

    def _join(self, address: Address, open_s: float) -> None:
        """Wait for the first whole picture."""
        end_ns = time.monotonic_ns() + round(open_s * 1e9)
        if not self._container.streams.video:
            raise SourceError(f"{address.name} sends no pictures; check the path")
        self._stream = self._container.streams.video[0]
        decoder = self._stream.codec_context
        if decoder is None:
            raise SourceError(
                f"{address.name} cannot be opened: it sends a format that cannot be decoded; "
                "choose H.264 or Motion JPEG there"
            )
        untimed = self._container.format.flags & _NO_TIMESTAMPS
        # Beside a sound track, FFmpeg shifts the times of RTSP once the server relates the two.
        shifted = self._container.format.name == "rtsp" and len(self._container.streams) > 1
        self._stamps = StreamStamps(given=not untimed and not shifted)
        decoder.thread_count = 1  # each further thread holds one picture back
        decoder.options = _DECODER
        self._packets = self._container.demux(self._stream)
        while not self._ready:
            if not self._receive():
                raise SourceError(f"{address.name} opened, but ended before its first picture")
            if time.monotonic_ns() > end_ns:
                raise SourceError(
                    f"{address.name} opened, but gave no whole picture within {open_s:g} s; "
                    "set a shorter interval of keyframes there, or give --open-timeout"
                )
        self.undecodable = 0  # what was joined half-way is not damaged
        height, width = self._ready[0].image.shape[:2]
        # FFmpeg makes up 25 fps for Motion JPEG over HTTP, which has no time base.
        rate = self._stream.average_rate or self._stream.guessed_rate
        timed = address.text.lower().startswith("rtsp") and rate and 0 < rate <= 1000
        self.info = SourceInfo(
            SourceKind.STREAM,
            address.name,
            width,
            height,
            requested_fps=None,
            reported_fps=float(rate) if timed and rate else None,
            live=True,
            frame_count=None,
        )

    def _receive(self) -> bool:
        """One packet and the pictures it completes; False when no more come."""
        asked_ns = time.monotonic_ns()
        try:
            packet = next(self._packets)
        except (av.FFmpegError, StopIteration):
            return False
        now_ns = time.monotonic_ns()
        self._waited_ns += now_ns - asked_ns
        if packet.is_corrupt:  # a part of the stream is missing here, which decoders patch up
            self._whole, self._damaged_ns = False, now_ns
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            self._damage(now_ns)
            return True
        except av.FFmpegError:
            return False
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                self._add(frame, now_ns)
        return bool(packet.size)

    def _add(self, frame: av.VideoFrame, now_ns: int) -> None:
        if frame.is_corrupt:
            self._damage(now_ns)
            return
        self._whole |= frame.key_frame or now_ns - self._damaged_ns > _REFRESH_S * 1e9
        if not self._whole:
            self.undecodable += 1
            return
        decoder = self._stream.codec_context
        image = picture(frame, self._stream)
        if decoder.name == _MOTION_JPEG and self._tears.is_torn(image):
            self.undecodable += 1
            return
        self._last_ns = max(now_ns, self._last_ns + 1)
        stamp_ns = self._stamps.stamp(frame.pts, frame.time_base, now_ns)
        waited_ns, self._waited_ns = self._waited_ns, 0
        self._ready.append(TimedFrame(self._last_ns, image, stamp_ns=stamp_ns, waited_ns=waited_ns))

    def _damage(self, now_ns: int) -> None:
        self.undecodable += 1
        self._whole = False
        self._damaged_ns = now_ns


def _opened(address: Address, open_s: float) -> av.container.InputContainer:
    try:
        return av.open(address.text, options=dict(_OPTIONS), timeout=(open_s, READ_TIMEOUT_S))
    except (av.FFmpegError, OSError, ValueError) as error:
        why = reason(error, address.text, open_s)
    raise SourceError(f"{address.name} cannot be opened: {why}")  # with nothing of FFmpeg's error
