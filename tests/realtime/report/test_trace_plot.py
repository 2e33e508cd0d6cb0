"""A stretch of a session as a figure."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import cv2
import pytest

from realtime.errors import SettingsError
from realtime.recording.frame_row import COLUMNS
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import write_session

pytest.importorskip("matplotlib")
from realtime.report.trace_plot import write_plot


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of two faces, the second of which is there from 6 s on."""
    folder = write_session(
        tmp_path_factory.mktemp("plot") / "a", event("0001", 2.0), event("0002", 8.0, face=1)
    )
    marker = {"schema": 1, "t_s": 3.0, "label": "price $5_a$", "origin": "key"}
    (folder / "markers.jsonl").write_text(json.dumps(marker) + "\n")
    lines = [",".join(COLUMNS)]
    for k in range(300):
        for face in (0, 1) if k >= 180 else (0,):
            cells = dict.fromkeys(COLUMNS, "0.5") | {
                "frame": str(k),
                "face_id": str(face),
                "timestamp": f"{k / 30:.6f}",
                "success": "1",
                "assessable": "yes" if k > 60 else "settling",
            }
            lines.append(",".join(cells.values()))
    (folder / "frames.csv").write_text("\n".join(lines) + "\n")
    return folder


def texts(figure: Path) -> str:
    return " ".join(ElementTree.parse(figure).getroot().itertext())


def drawn(session: Path, out: Path, **more: float) -> Path:
    given = {"from_s": None, "to_s": None, "face": None} | more
    write_plot(session, out, **given)  # type: ignore[arg-type]
    return out


def test_a_figure_names_its_traces_events_and_markers(session: Path, tmp_path: Path) -> None:
    said = texts(drawn(session, tmp_path / "figure.svg"))
    for word in ("brows", "lids", "nose, cheeks", "time, s", "0001", "surprise", "price $5_a$"):
        assert word in said, word
    assert "0002" not in said  # of the other face


def test_a_stretch_and_a_face_can_be_chosen(session: Path, tmp_path: Path) -> None:
    said = texts(drawn(session, tmp_path / "figure.svg", from_s=6.5, to_s=9, face=1))
    assert "0002" in said
    assert "0001" not in said
    assert "price" not in said


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
def test_the_same_session_gives_the_same_file(session: Path, tmp_path: Path, suffix: str) -> None:
    one, two = (drawn(session, tmp_path / f"{name}{suffix}") for name in "ab")
    assert one.read_bytes() == two.read_bytes()


def test_a_png_has_the_resolution_of_print(session: Path, tmp_path: Path) -> None:
    picture = cv2.imread(str(drawn(session, tmp_path / "figure.png")))
    assert picture is not None
    assert picture.shape[1] == 2160  # 183 mm at 300 dpi


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"from_s": 60.0, "to_s": 70.0}, "the session is from 0 to 9.96667 s"),
        ({"face": 7}, "face 7 was not measured"),
        ({"from_s": 1.0, "to_s": 5.0, "face": 1}, "face 1 was not measured between 1 and 5 s"),
    ],
)
def test_a_stretch_without_traces_is_told(
    session: Path, tmp_path: Path, more: dict[str, float], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        drawn(session, tmp_path / "figure.svg", **more)


def test_a_wrong_suffix_is_told(session: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.svg, \.pdf or \.png"):
        drawn(session, tmp_path / "figure.jpg")
