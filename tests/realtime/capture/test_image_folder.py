"""Folders of numbered pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from realtime.capture.image_folder import ImageFolder
from realtime.errors import SettingsError, SourceError
from tests.realtime.capture.films import write_folder
from tests.realtime.capture.servers import number_of, numbered


def test_natural_order_at_the_given_rate(tmp_path: Path) -> None:
    with ImageFolder(write_folder(tmp_path / "p", 12), 200.0) as folder:
        shots = [folder.read() for _ in range(12)]
    assert [number_of(s.image) for s in shots if s] == list(range(12))
    assert [s.t_ns for s in shots if s] == [n * 5_000_000 for n in range(12)]


@pytest.mark.parametrize("suffix", ["jpg", "webp", "bmp", "tif"])
def test_kinds_of_pictures(tmp_path: Path, suffix: str) -> None:
    with ImageFolder(write_folder(tmp_path / "p", 2, suffix), 25.0) as folder:
        assert folder.info.frame_count == 2
        assert folder.read() is not None


def test_damaged_and_odd_pictures_are_counted_and_leave_their_place_empty(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "p", 6)
    (path / "img2.png").write_bytes(b"")
    (path / "img3.png").write_bytes((path / "img3.png").read_bytes()[:40])
    cv2.imwrite(str(path / "img5.png"), numbered(4, 400, 300))
    (path / "notes.txt").write_text("no picture")
    with ImageFolder(path, 10.0) as folder:
        shots = []
        while (shot := folder.read()) is not None:
            shots.append(shot)
        assert folder.undecodable == 3
    assert [shot.t_ns for shot in shots] == [0, 300_000_000, 500_000_000]
    assert [number_of(shot.image) for shot in shots] == [0, 3, 5]


def test_a_folder_needs_a_rate_and_a_picture(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--fps"):
        ImageFolder(write_folder(tmp_path / "p", 1), None)
    with pytest.raises(SourceError, match="no picture"):
        ImageFolder(tmp_path, 25.0)
