"""A short film of the demo subject and a tiny engine, made once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.demo.subject import DemoSubject
from tests.paths import PROGRAM, ROOT
from tests.program.runs import analyse
from tests.realtime.engine.tiny_engine import write_engine

FPS = 30
FIRST, LAST = 105, 405  # frames of the subject: rest first, then its first two movements
DRIVER = """
import runpy, sys
sys.path.insert(0, {root!r})
if __name__ == "__main__":  # the engine's process imports this module again
{change}
    runpy.run_path({program!r}, run_name="__main__")
"""


@pytest.fixture(scope="session")
def pictures() -> list[NDArray[np.uint8]]:
    subject = DemoSubject()
    return [subject.frame(k).copy() for k in range(FIRST, LAST)]


@pytest.fixture(scope="session")
def film(pictures: list[NDArray[np.uint8]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(tmp_path_factory.mktemp("film") / "subject.mp4", pictures)


@pytest.fixture(scope="session")
def film_of_two(
    pictures: list[NDArray[np.uint8]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Somebody larger who never moves, and from pixel 480 on the subject, smaller."""
    nearer = cv2.resize(pictures[0][:400, 120:520], (480, 480), interpolation=cv2.INTER_CUBIC)
    both = [np.hstack([nearer, picture[:, 80:560]]) for picture in pictures]
    return _written(tmp_path_factory.mktemp("film") / "two.mp4", both)


def _written(path: Path, pictures: list[NDArray[np.uint8]]) -> Path:
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, FPS)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def jpegs(pictures: list[NDArray[np.uint8]]) -> list[bytes]:
    return [cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes() for p in pictures]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_engine(tmp_path_factory.mktemp("engine") / "tiny")


@pytest.fixture(scope="session")
def analysed(
    film: Path, engine: Path, landmark_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The session of the film; not to be changed."""
    return analyse(film, engine, tmp_path_factory.mktemp("analysed"))


@pytest.fixture
def altered(
    film: Path, engine: Path, landmark_model: Path, tmp_path: Path
) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs the film after `change`, lines of Python that are run in the program first."""

    def run(change: str) -> subprocess.CompletedProcess[str]:
        driver = tmp_path / "driver.py"
        body = "\n".join(f"    {line}" for line in change.strip().splitlines())
        driver.write_text(DRIVER.format(root=str(ROOT), program=str(PROGRAM), change=body))
        return subprocess.run(
            [
                *(sys.executable, str(driver), "--source", str(film), "--pace", "fast"),
                *("--dashboard", "plain", "--engine", str(engine)),
                *("--output", str(tmp_path / "out")),
            ],
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run
