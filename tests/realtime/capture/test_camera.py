"""Cameras, as far as a machine without one can tell."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from realtime.capture.camera import _listed_by_v4l2, accepted_modes, open_camera
from realtime.errors import SettingsError, SourceError

ABSENT = 97


def test_a_missing_camera_is_one_sentence_and_what_to_try(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SourceError) as caught:
        open_camera(ABSENT, size=(640, 480), fps=30.0)
    message = str(caught.value)
    for part in (f"camera {ABSENT}", "--source FILE", "--demo"):
        assert part in message
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")


def test_a_pixel_format_has_four_letters() -> None:
    with pytest.raises(SettingsError, match="four letters"):
        open_camera(ABSENT, fourcc="JPEG2000")


def test_one_listing_for_each_camera_not_for_each_node(tmp_path: Path) -> None:
    for number, index, name in ((0, 0, "Front"), (1, 1, "Front"), (10, 0, "USB"), (2, 0, "Side")):
        node = tmp_path / f"video{number}"
        node.mkdir()
        (node / "index").write_text(f"{index}\n")
        (node / "name").write_text(f"{name}\n")
    assert [(c.index, c.name) for c in _listed_by_v4l2(tmp_path)] == [
        (0, "Front"),
        (2, "Side"),
        (10, "USB"),
    ]
    assert _listed_by_v4l2(tmp_path / "absent") == ()


class Driver:
    """A camera driver that takes some modes and answers others with the one it is in."""

    def __init__(self, modes: set[tuple[int, int, int]]) -> None:
        self._modes = modes
        self._width, self._height, self._rate = min(modes)

    def set(self, what: int, value: float) -> bool:
        width, height, rate = self._width, self._height, self._rate
        if what == cv2.CAP_PROP_FRAME_WIDTH:  # V4L2 settles a size when both are known
            self._requested_width = int(value)
        elif what == cv2.CAP_PROP_FRAME_HEIGHT:
            width, height = self._requested_width, int(value)
            rate = min((r for w, h, r in self._modes if (w, h) == (width, height)), default=0)
        elif what == cv2.CAP_PROP_FPS:
            rate = int(value)
        if (width, height, rate) in self._modes:
            self._width, self._height, self._rate = width, height, rate
        return True  # drivers say yes and do otherwise

    def get(self, what: int) -> float:
        return {
            cv2.CAP_PROP_FRAME_WIDTH: self._width,
            cv2.CAP_PROP_FRAME_HEIGHT: self._height,
            cv2.CAP_PROP_FPS: self._rate,
        }[what]


def test_only_modes_that_the_driver_settles_on_are_named() -> None:
    driver = Driver({(640, 480, 30), (640, 480, 60), (1920, 1080, 30)})
    assert accepted_modes(driver) == ("640×480@30", "640×480@60", "1920×1080@30")
    assert accepted_modes(Driver({(1280, 720, 25)})) == ()
