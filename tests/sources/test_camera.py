"""Cameras, as far as a machine without one can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime.errors import SettingsError, SourceError
from realtime.sources import list_cameras
from realtime.sources.camera import _listed_by_v4l2, open_camera

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


def test_listing_returns_in_the_order_of_numbers() -> None:
    numbers = [camera.index for camera in list_cameras()]
    assert numbers == sorted(numbers)


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
