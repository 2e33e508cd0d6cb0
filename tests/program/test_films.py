"""Films of each kind through the whole program: the movements are found, at the media's times."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.cli.sessions import batch
from realtime.recording.session import open_session
from tests.paths import MEDIA
from tests.program.conftest import FIRST, FPS
from tests.program.runs import counts_of, run_live, session_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("landmark_model")]

APEXES_S = (7.532 - FIRST / FPS, 11.688 - FIRST / FPS)
Pictures = Sequence[NDArray[np.uint8]]


def write(
    path: Path,
    pictures: Pictures,
    codec: str = "libx264",
    *,
    size: tuple[int, int] | None = None,
    aspect: Fraction | None = None,
    late: int = 0,
    first_the_header: bool = False,
) -> Path:
    """A film at 30 fps; with sound, `late` frames before it, where that is not 0."""
    flags = {"movflags": "faststart"} if first_the_header and path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=flags) as container:
        sound = container.add_stream("aac", rate=48_000) if late else None
        options = {"crf": "16", "bf": "3"} if codec == "libx264" else {"bf": "2"}
        stream = container.add_stream(codec, rate=FPS, options=options)
        height, width = pictures[0].shape[:2]
        stream.width, stream.height = size or (width, height)
        stream.pix_fmt = "yuv420p"
        if codec != "libx264":
            stream.bit_rate = 8_000_000
        stream.time_base = stream.codec_context.time_base = Fraction(1, FPS)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if sound is not None:
            silence = np.zeros((1, 1024), np.float32)
            block = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            block.sample_rate, block.pts, block.time_base = 48_000, 0, Fraction(1, 48_000)
            container.mux([*sound.encode(block), *sound.encode(None)])
        for number, picture in enumerate(pictures):
            shown = picture if size is None else cv2.resize(picture, size)
            frame = av.VideoFrame.from_ndarray(np.asarray(shown, np.uint8), format="bgr24")
            frame.pts, frame.time_base = number + late, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _avi(folder: Path, pictures: Pictures) -> Path:
    return write(folder / "a.avi", pictures)


def _xvid(folder: Path, pictures: Pictures) -> Path:
    return write(folder / "a.avi", pictures, "mpeg4")


def _joined(folder: Path, pictures: Pictures) -> Path:
    """Two recordings, the second with rest enough before its movement; the first twice as long."""
    one = write(folder / "1.ts", pictures[:165])
    two = write(folder / "2.ts", pictures[165:])
    path = folder / "joined.ts"
    path.write_bytes(one.read_bytes() + two.read_bytes())
    return path


def _grown(folder: Path, pictures: Pictures) -> Path:
    small = [np.asarray(cv2.resize(picture, (320, 240)), np.uint8) for picture in pictures[:30]]
    one, two = write(folder / "1.ts", small), write(folder / "2.ts", pictures[30:])
    path = folder / "grown.ts"
    path.write_bytes(one.read_bytes() + two.read_bytes())
    return path


def _anamorphic(folder: Path, pictures: Pictures) -> Path:
    return write(folder / "a.mp4", pictures, size=(480, 480), aspect=Fraction(4, 3))


def _late(folder: Path, pictures: Pictures) -> Path:
    return write(folder / "a.mp4", pictures, late=15)


@pytest.mark.parametrize(
    ("kind", "start_s", "restarts"),
    [
        (_avi, 0.0, 0),
        (_xvid, 0.0, 0),
        (_joined, 0.0, 1),
        (_grown, 0.0, 1),
        (_anamorphic, 0.0, 0),
        (_late, 0.5, 0),
    ],
)
def test_both_movements_are_found_where_the_film_shows_them(
    kind: Callable[[Path, Pictures], Path],
    start_s: float,
    restarts: int,
    pictures: list[NDArray[np.uint8]],
    engine: Path,
    tmp_path: Path,
) -> None:
    done = run_live(
        *("--source", str(kind(tmp_path, pictures)), "--pace", "fast", "--dashboard", "none"),
        *("--engine", str(engine), "--output", str(tmp_path / "sessions")),
    )
    assert done.returncode == 0, done.stderr
    session = session_of(tmp_path / "sessions")
    counts = counts_of(session)
    assert counts["frames"]["analysed"] == len(pictures)
    assert counts["frames"]["undecodable"] == 0
    assert counts["restarts"] == restarts
    assert ("is measured again" in done.stderr) == bool(restarts)
    header = json.loads((session / "session.json").read_text("utf-8"))
    assert header["start_time"] == pytest.approx(start_s, abs=0.03)
    apexes = [event.apex_s for event in open_session(session).events if event.kind == "micro"]
    for wanted in APEXES_S:
        assert min(abs(apex - wanted - start_s) for apex in apexes) < 0.1


def test_a_film_that_is_cut_off_says_so(pictures: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    films, output = tmp_path / "films", tmp_path / "sessions"
    films.mkdir()
    whole_s = 3.0
    for name, codec in (("a.avi", "mpeg4"), ("b.mkv", "libx264"), ("c.mp4", "libx264")):
        film = write(films / name, pictures[: round(whole_s * FPS)], codec, first_the_header=True)
        content = film.read_bytes()
        (films / f"cut {name}").write_bytes(content[: len(content) * 6 // 10])
    batch.run([str(films), "--output", str(output), "--", "--engine", "none"])
    rows = {
        row["video"]: row
        for row in csv.DictReader((output / "archive.csv").read_text("utf-8").splitlines())
    }
    assert len(rows) == 6
    for name, row in rows.items():
        record = open_session(output / row["session"]).record
        assert record is not None
        assert record.counts is not None
        lacking_s = record.counts.seconds.cut_off
        assert ("before the end that its header states" in row["trouble"]) == bool(lacking_s)
        if name.startswith("cut "):
            there_s = record.counts.frames.read / FPS
            assert there_s + lacking_s == pytest.approx(whole_s, abs=3 / FPS)
        else:
            assert lacking_s == 0


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "apexes_s", "said"),
    [
        ("avi_bframes.avi", [2.532], ""),
        ("film_23976.mp4", [2.532], ""),
        # a rest of three seconds, then the first movement
        ("joined_clock_restarts.ts", [5.532], "time stamps jump back"),
        # 10 fps up to 9.6 s, and two seconds of learning then: both movements lie in these
        ("phone_dark_then_light_vfr.mp4", [], "under 15 fps"),
    ],
)
def test_films_as_bug_reports_have_them_show_what_can_be_judged_of_them(
    name: str, apexes_s: list[float], said: str, tmp_path: Path
) -> None:
    film = MEDIA.parent / "bug_inputs" / name
    if not film.is_file():
        pytest.skip("no folder of bug reports' films beside the repository")
    done = run_live(
        *("--source", str(film), "--pace", "fast", "--engine", "none", "--dashboard", "plain"),
        *("--output", str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    events = open_session(session_of(tmp_path)).events
    apexes = [event.apex_s for event in events if event.kind == "micro"]
    assert apexes == pytest.approx(apexes_s, abs=0.04)
    assert said in done.stdout
