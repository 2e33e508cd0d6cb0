"""What a camera and its codec make of a scene.  For the verifier's training and the benchmarks.

Movements are added to a scene before it is filmed: what a sensor's noise covers, or a codec
leaves out, must be lost on them as on everything else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from model.spotting.recording import Recording


@dataclass(frozen=True, slots=True)
class Camera:
    blur_px: float
    noise: float  # standard deviation in mid-grey, grey levels
    quality: int  # JPEG; 0 is none
    crf: int  # H.264; 0 is none

    @staticmethod
    def draw(rng: np.random.Generator) -> Camera:
        """Any camera that looks at a simulated scene."""
        codec = rng.random()
        return Camera(
            blur_px=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.5 else 0.0,
            noise=float(np.exp(rng.uniform(np.log(0.5), np.log(5.0)))),
            quality=int(rng.integers(55, 96)) if codec < 0.5 else 0,
            crf=int(rng.integers(20, 33)) if codec > 0.75 else 0,
        )

    @staticmethod
    def draw_second(rng: np.random.Generator) -> Camera:
        """Any that films a video once more, which has been through a lens and a codec."""
        codec = rng.random()
        return Camera(
            blur_px=0.0,
            noise=float(np.exp(rng.uniform(np.log(0.5), np.log(4.0)))) * (rng.random() < 0.5),
            quality=int(rng.integers(60, 96)) if codec < 0.35 else 0,
            crf=int(rng.integers(18, 31)) if 0.35 <= codec < 0.7 else 0,
        )

    def film(self, rng: np.random.Generator, scene: Recording) -> Recording:
        pictures = [self._see(rng, moment.grey) for moment in scene.moments]
        if self.crf:
            pictures = h264(pictures, self.crf, (len(pictures) - 1) / scene.seconds)
        seen = (replace(m, grey=p) for m, p in zip(scene.moments, pictures, strict=True))
        return Recording(scene.name, tuple(seen))

    def _see(self, rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        seen = np.asarray(picture, np.float32)
        if self.blur_px:
            seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), self.blur_px), np.float32)
        if self.noise:
            # photons come one by one: the brighter, the noisier
            spread = self.noise * np.sqrt(0.4 + 0.6 * seen / 128)
            seen = seen + spread * rng.standard_normal(seen.shape, np.float32)
        image = np.clip(np.rint(seen), 0, 255).astype(np.uint8)
        if self.quality:
            _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
        return image


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
