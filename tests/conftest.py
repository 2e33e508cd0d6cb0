"""What many tests share: the clips for development, the face model, a portrait."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from realtime.demo import portrait as demo
from realtime.errors import FaceModelError
from realtime.face.weights import face_model
from tests.paths import MEDIA


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", metavar="FOLDER", help="keep pictures of the review for docs")
    parser.addoption("--kills", type=int, default=6, help="moments at which recording is killed")


# Files of tests/program that assert one run of the program, and those whose runs keep the pace of a
# camera: two of them at once would make each other late.
_ONE_RUN = {"test_file_run.py", "test_review.py"}
_PACED = {
    *("test_consent.py", "test_encrypted.py", "test_ends.py", "test_faults.py", "test_markers.py"),
    *("test_network.py", "test_not_judged.py", "test_output_replaced.py", "test_overload.py"),
    "test_difficult_streams.py",
}


class GroupScheduling(LoadScopeScheduling):
    """Processes that run tests side by side share no fixture: a file's tests stay in one of them.

    The groups are told from the names here: xdist's own `loadgroup` hands them on in a part of an
    item that pytest 9.2 no longer reads, and then groups nothing without saying so.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder, _, name = file.rpartition("/")
        if folder != "tests/program":
            return file
        return "run" if name in _ONE_RUN else "paced" if name in _PACED else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling:
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side the runs of the whole program come first: the longest work, begun last, would
    leave one process alone with it."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.parent.name != "program")


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
