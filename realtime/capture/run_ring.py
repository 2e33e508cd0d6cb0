"""The ring of a run: how much of a source is held, for analysis and for the beginning of clips.

A live source's frames exist nowhere else, so its ring outlasts a pre-roll, within a limit of
memory.  A film is decoded again for its clips: its ring only lets the reader be ahead.
"""

from __future__ import annotations

from realtime.capture.ring_buffer import FrameRing

_RING_BYTES = 250_000_000  # of a live source
_RAW_BYTES = 112_000_000  # of these; older frames are compressed
_RAW_S = 1.5  # so are frames older than this: a movement and its flag lie in it
_FILM_BYTES = 50_000_000
_FILM_S = 0.5
_CAPACITY = 20_000  # frames; only bytes and seconds limit a ring
_EVENT_S = 2.0  # an event, its flag and its class: what a pre-roll must outlast


def run_ring(pre_s: float, *, live: bool, film: bool, paced: bool = True) -> FrameRing:
    """The frames that analysis has yet to come to, and those that clips begin with.

    Args:
        pre_s: of a clip before the onset.
        film: it lies on the disk, and clips are decoded from there.
        paced: its frames come at the rate of a camera, which leaves time to compress them.
    """
    if film:
        return FrameRing(_CAPACITY, keep_s=_FILM_S, max_bytes=_FILM_BYTES, lossless=True)
    keep_s = pre_s + _EVENT_S + 1.0
    if not live:
        return FrameRing(_CAPACITY, keep_s=keep_s, raw_s=_RAW_S if paced else None, lossless=True)
    return FrameRing(
        _CAPACITY,
        keep_s=keep_s,
        max_bytes=_RING_BYTES,
        max_raw_bytes=_RAW_BYTES,
        raw_s=_RAW_S,
    )
