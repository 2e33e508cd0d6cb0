"""What many tests share: the clips for development, the face model, a portrait."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.demo import portrait as demo
from realtime.errors import FaceModelError
from realtime.face.weights import face_model
from tests.paths import MEDIA, ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes that run tests side by side share no fixture: a file's stay together.

    So do those of `tests/program`, which assert the same few runs of the program.
    """
    for item in items:
        file = item.path.relative_to(ROOT / "tests")
        group = "program" if file.parts[0] == "program" else file.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def media() -> Path:
    """Folder of real clips; a test that needs it is marked `media`."""
    if not MEDIA.is_dir():
        pytest.skip("no folder of real clips beside the repository")
    return MEDIA


@pytest.fixture(scope="session")
def landmark_model() -> Path:
    try:
        return face_model()
    except FaceModelError as error:
        pytest.skip(f"the face model cannot be had here: {error}")


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    """A public-domain portrait, (512, 512, 3) BGR."""
    return demo.portrait()


@pytest.fixture(scope="session")
def two_people(portrait: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Its face, and beside it smaller what a mirror makes of it, (320, 544, 3)."""
    larger = portrait[:320, 64:384]
    smaller = cv2.resize(larger[:, ::-1], None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    below = larger.shape[0] - smaller.shape[0]
    return np.hstack([larger, cv2.copyMakeBorder(smaller, 0, below, 0, 0, cv2.BORDER_REPLICATE)])


@pytest.fixture(scope="session")
def portrait_frame(portrait: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same, twice as large: its eyes are some 85 pixels apart."""
    return cv2.resize(portrait, (1024, 1024), interpolation=cv2.INTER_CUBIC)
