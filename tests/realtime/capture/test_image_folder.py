"""Folders of numbered pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from realtime.capture.image_folder import ImageFolder
from realtime.errors import SettingsError, SourceError
from tests.realtime.capture.films import write_folder
from tests.servers import number_of, numbered


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


def placed(path: Path, fps: float = 10.0) -> list[tuple[int, float]]:
    """Number in the picture, and its second."""
    with ImageFolder(path, fps) as folder:
        seen = []
        while (frame := folder.read()) is not None:
            seen.append((number_of(frame.image), frame.t_ns / 1e9))
    return seen


def _picture(path: Path, number: int) -> None:
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), numbered(number))


def test_missing_numbers_leave_their_gap(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in (46, 47, 50, 51):
        _picture(tmp_path / "p" / f"img{number}.png", number)
    assert placed(tmp_path / "p") == [(46, 0.0), (47, 0.1), (50, 0.4), (51, 0.5)]
    assert "2 numbers are missing" in caplog.text


@pytest.mark.parametrize(
    "names",
    [
        ["t0033.png", "t0067.png", "t0100.png", "t0133.png"],  # milliseconds
        ["a.png", "b1.png", "c7.png", "d.png"],
        ["a_1_x.png", "a_1_y.png", "a_5_x.png", "a_5_y.png"],
        ["0.png", "10.png", "20.png", "30.png"],
    ],
)
def test_names_that_do_not_count_frames_are_placed_in_order(
    tmp_path: Path, names: list[str]
) -> None:
    for number, name in enumerate(names):
        _picture(tmp_path / "p" / name, number)
    assert placed(tmp_path / "p") == [(0, 0.0), (1, 0.1), (2, 0.2), (3, 0.3)]


@pytest.mark.parametrize("pattern", ["a%03d.png", "a%d.png", "a*.png", "a[0-9]*.png"])
def test_a_pattern_chooses_pictures(tmp_path: Path, pattern: str) -> None:
    for number in range(3):
        _picture(tmp_path / "p" / f"a{number:03d}.png", number)
        _picture(tmp_path / "p" / f"b{number:03d}.png", number + 10)
    assert placed(tmp_path / "p" / pattern) == [(0, 0.0), (1, 0.1), (2, 0.2)]
    with pytest.raises(SourceError, match="no picture"):
        ImageFolder(tmp_path / "p" / "c%d.png", 25.0)


@pytest.mark.parametrize("fps", [None, 25.0])
def test_a_folder_of_films_is_told_the_program_for_it(tmp_path: Path, fps: float | None) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "b.MOV").touch()
    with pytest.raises(SourceError, match="2 films and no picture: fleeting batch"):
        ImageFolder(tmp_path, fps)


def test_a_folder_needs_a_rate_and_a_picture(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--fps"):
        ImageFolder(write_folder(tmp_path / "p", 1), None)
    with pytest.raises(SourceError, match="no picture"):
        ImageFolder(tmp_path, 25.0)
