"""What a camera and its codec make of a scene.

For the generator's pairs, the verifier's training and the benchmarks.  Movements are added to a
scene before it is filmed: what a sensor's noise covers, or a codec leaves out, must be lost on
them as on everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from model.synthetic.random_draws import log_uniform

Grey = NDArray[np.uint8]  # (h, w)


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """One camera's faults; noise and compression differ from frame to frame."""

    blur_px: float
    noise: float  # standard deviation in mid-grey, grey levels
    quality: int  # JPEG; 0 is none
    crf: int  # H.264 of even quality, constant rate factor; 0 is none
    kbit_s: int = 0  # H.264 of an even bit rate, as webcams make it; 0 is none
    scale: float = 1.0  # pixels of the sensor per pixel of the scene, at most 1

    @staticmethod
    def draw(rng: np.random.Generator) -> SimulatedCamera:
        """Any camera that looks at a simulated scene."""
        codec = rng.random()
        return SimulatedCamera(
            blur_px=float(rng.uniform(0.3, 1.0)) if rng.random() < 0.5 else 0.0,
            noise=log_uniform(rng, 0.5, 5.0),
            quality=int(rng.integers(55, 96)) if codec < 0.5 else 0,
            crf=int(rng.integers(20, 33)) if codec > 0.75 else 0,
        )

    @staticmethod
    def draw_second(rng: np.random.Generator) -> SimulatedCamera:
        """Any that films a video once more, which has been through a lens and a codec."""
        codec = rng.random()
        return SimulatedCamera(
            blur_px=0.0,
            noise=log_uniform(rng, 0.5, 4.0) * (rng.random() < 0.5),
            quality=int(rng.integers(60, 96)) if codec < 0.35 else 0,
            crf=int(rng.integers(18, 31)) if 0.35 <= codec < 0.7 else 0,
        )

    @staticmethod
    def draw_for_pair(rng: np.random.Generator) -> SimulatedCamera:
        """Any that looks at a crop of the generator; a distant face has fewer pixels."""
        codec = rng.random()
        return SimulatedCamera(
            scale=float(rng.uniform(0.45, 1.0)) if rng.random() < 0.5 else 1.0,
            blur_px=float(rng.uniform(0.4, 1.1)) if rng.random() < 0.4 else 0.0,
            noise=log_uniform(rng, 0.5, 5.0),
            quality=int(rng.integers(50, 96)) if codec < 0.6 else 0,
            crf=int(rng.integers(20, 36)) if codec > 0.75 else 0,
        )

    def film(
        self,
        rng: np.random.Generator,
        scenes: Sequence[NDArray[np.uint8] | NDArray[np.float32]],
        fps: float,
    ) -> list[Grey]:
        """Successive scenes (h, w), grey levels, as this camera gives them.

        H.264 codes a frame by what it can take over from earlier ones: small motion is lost in
        blocks that are skipped, and appears a few frames late.
        """
        pictures = [self.expose(rng, scene) for scene in scenes]
        if self.crf or self.kbit_s:
            return h264(pictures, fps, crf=self.crf, kbit_s=self.kbit_s)
        return pictures

    def expose(
        self, rng: np.random.Generator, scene: NDArray[np.uint8] | NDArray[np.float32]
    ) -> Grey:
        """One scene (h, w) through lens, sensor and JPEG, of the scene's size."""
        seen = np.asarray(scene, np.float32)
        height, width = seen.shape
        if self.blur_px:
            seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), self.blur_px), np.float32)
        if self.scale < 1:
            small = round(width * self.scale), round(height * self.scale)
            seen = np.asarray(cv2.resize(seen, small, interpolation=cv2.INTER_AREA), np.float32)
        if self.noise:
            # Shot noise: bright pixels vary more.
            spread = self.noise * np.sqrt(0.4 + 0.6 * np.clip(seen, 0, 255) / 128)
            grain = spread * rng.standard_normal(seen.shape, np.float32)
            seen = np.asarray(seen + grain, np.float32)
        image = np.clip(np.rint(seen), 0, 255).astype(np.uint8)
        if self.quality:
            _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
        if self.scale < 1:
            enlarged = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
            image = np.asarray(enlarged, np.uint8)
        return image


def h264(pictures: Sequence[Grey], fps: float, *, crf: int = 0, kbit_s: int = 0) -> list[Grey]:
    """The pictures as they are after a live encoder, of even quality or else of even bit rate."""
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    packets = encoded(pictures, fps, crf=crf, kbit_s=kbit_s)
    frames = (frame for packet in (*packets, None) for frame in decoder.decode(packet))
    return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in frames]


def encoded(
    pictures: Sequence[Grey], fps: float, *, crf: int = 0, kbit_s: int = 0
) -> list[av.Packet[av.VideoStream]]:
    """What that encoder sends; of an odd side the last row or column is left out."""
    height, width = (2 * (side // 2) for side in pictures[0].shape)
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "gray"
    encoder.time_base = Fraction(1, max(round(fps), 1))
    if crf:
        aim = {"crf": str(crf)}
    else:
        encoder.bit_rate = 1000 * kbit_s
        aim = {"maxrate": f"{kbit_s}k", "bufsize": f"{kbit_s // 2}k"}  # half a second
    encoder.options = {"preset": "superfast", "tune": "zerolatency", **aim}
    encoder.thread_count = 1
    packets: list[av.Packet[av.VideoStream]] = []
    for picture in pictures:
        even = np.ascontiguousarray(picture[:height, :width])
        packets += encoder.encode(av.VideoFrame.from_ndarray(even, "gray"))
    return packets + encoder.encode(None)
