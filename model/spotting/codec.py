"""Frames of a recording through noise and a codec.  For the film and the verifier's training."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from model.spotting.recording import Recording


def refilmed(rng: np.random.Generator, recording: Recording) -> Recording:
    """The same by another camera: its noise, and its codec or none.

    What was added must not be cleaner than the rest, and recordings are few.
    """
    pictures = [m.grey for m in recording.moments]
    if rng.random() < 0.5:
        spread = float(np.exp(rng.uniform(np.log(0.5), np.log(4.0))))
        pictures = [_noisy(rng, picture, spread) for picture in pictures]
    codec = rng.random()
    if codec < 0.35:
        how = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))]
        packed = (cv2.imencode(".jpg", picture, how)[1] for picture in pictures)
        pictures = [np.asarray(cv2.imdecode(p, cv2.IMREAD_GRAYSCALE), np.uint8) for p in packed]
    elif codec < 0.7:
        fps = (len(pictures) - 1) / recording.seconds
        pictures = h264(pictures, int(rng.integers(18, 31)), fps)
    moments = (replace(m, grey=p) for m, p in zip(recording.moments, pictures, strict=True))
    return Recording(recording.name, tuple(moments))


def _noisy(
    rng: np.random.Generator, picture: NDArray[np.uint8], spread: float
) -> NDArray[np.uint8]:
    seen = picture + spread * rng.standard_normal(picture.shape, np.float32)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)


def h264(pictures: list[NDArray[np.uint8]], crf: int, fps: float) -> list[NDArray[np.uint8]]:
    height, width = (2 * (side // 2) for side in pictures[0].shape)
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "gray"
    encoder.time_base = Fraction(1, max(round(fps), 1))
    encoder.options = {"crf": str(crf), "preset": "superfast", "tune": "zerolatency"}
    encoder.thread_count = 1
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    seen: list[NDArray[np.uint8]] = []
    for picture in (*pictures, None):
        frame = None
        if picture is not None:
            even = np.ascontiguousarray(picture[:height, :width])
            frame = av.VideoFrame.from_ndarray(even, "gray")
        for packet in encoder.encode(frame):
            seen += [f.to_ndarray(format="gray") for f in decoder.decode(packet)]
    seen += [f.to_ndarray(format="gray") for f in decoder.decode(None)]
    return seen
