"""Frames in: a camera, a file, a folder of pictures or a stream becomes frames in a ring.

In comes an `Address`; out come `Frame`s (sequence number, `t_ns`, BGR image) in a `FrameRing`,
and `CaptureStats`.  A thread of its own reads the source and opens it again when it is lost.
Public: `parse_source`, `open_source`, `Source`, `CaptureThread`, `FrameRing`, `Frame`.
"""
