"""What is no movement of a face is not flagged: light, nodding, a photograph, damaged pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.analysis import Analysis
from realtime.capture.address import parse_source
from realtime.capture.open_source import open_source
from realtime.capture.ring_buffer import Frame
from realtime.demo.subject import DemoSubject
from realtime.face.assessability import Assessable
from realtime.face.landmarker import LandmarkTracker
from tests.realtime.capture.test_torn_picture import HARMED, damaged, decoded, harm
from tests.servers import MjpegServer, jpeg

pytestmark = [pytest.mark.slow, pytest.mark.fault]

FPS, SECONDS, FIRST = 30, 9, 105
SIZE = (640, 480)
Picture = NDArray[np.uint8]


def clipped(picture: NDArray[np.float32]) -> Picture:
    return np.clip(picture, 0, 255).astype(np.uint8)


def lit(gain: Callable[[float], float]) -> Callable[[float, Picture], Picture]:
    return lambda t_s, picture: clipped(picture.astype(np.float32) * np.float32(gain(t_s)))


def half_lit(gain: Callable[[float], float]) -> Callable[[float, Picture], Picture]:
    """A lamp at one side: the other side of the face hardly changes."""
    along = np.linspace(0, 1, SIZE[0], dtype=np.float32)[None, :, None]
    return lambda t_s, picture: clipped(picture * (1 - np.float32(1 - gain(t_s)) * along))


def is_on(t_s: float, on_s: float, period_s: float) -> bool:
    return t_s % period_s < on_s


def nodding(t_s: float, picture: Picture) -> Picture:
    down = 14 * np.sin(2 * np.pi * 1.2 * t_s) * (t_s % 4 > 2)
    moved = np.array([[1, 0, 0], [0, 1, down]], np.float32)
    return np.asarray(cv2.warpAffine(picture, moved, SIZE, borderMode=cv2.BORDER_REPLICATE))


SCENES = {
    "rest": lambda t_s, picture: picture,
    "switched off and on": lit(lambda t_s: 1.0 if is_on(t_s, 1.5, 3.0) else 0.55),
    "dimmed and back": lit(lambda t_s: 1 - 0.4 * np.clip(3 - abs(t_s % 3 - 1.8) * 7, 0, 1)),
    "a flash": lit(lambda t_s: 1.5 if is_on(t_s, 0.1, 2.5) else 1.0),
    "off for a fifth of a second": lit(lambda t_s: 0.6 if is_on(t_s, 0.2, 2.5) else 1.0),
    "a lamp at one side": half_lit(lambda t_s: 1.0 if is_on(t_s, 1.5, 3.0) else 0.5),
    "the same for a moment": half_lit(lambda t_s: 0.5 if is_on(t_s, 0.2, 2.5) else 1.0),
    "nodding": nodding,
}


@pytest.fixture(scope="module")
def at_rest() -> list[Picture]:
    """The built-in subject without its movements: it breathes, sways and blinks."""
    subject = DemoSubject(fps=FPS, size=SIZE)
    return [subject.frame(FIRST + k, micro=False).copy() for k in range(SECONDS * FPS)]


def watched(model: Path, pictures: list[Picture]) -> tuple[float, list[float]]:
    """Seconds judged, and the apices of what was flagged."""
    analysis, judged, flagged = Analysis(LandmarkTracker(model)), 0, []
    for k, picture in enumerate(pictures):
        shown = analysis.analyse(Frame(k, k * 1_000_000_000 // FPS, picture, False), FPS)
        judged += shown.assessable is Assessable.YES
        flagged += [f.finding.apex_ns / 1e9 for f in shown.findings if f.finding.kind == "micro"]
    return judged / FPS, flagged


@pytest.mark.parametrize("scene", SCENES)
def test_light_and_nodding_are_not_flagged(
    landmark_model: Path, at_rest: list[Picture], scene: str
) -> None:
    pictures = [SCENES[scene](k / FPS, picture) for k, picture in enumerate(at_rest)]
    judged_s, flagged = watched(landmark_model, pictures)
    assert flagged == []
    assert judged_s > 3  # it was looked at


def test_a_photograph_held_into_the_picture_is_not_flagged(
    landmark_model: Path, portrait: Picture
) -> None:
    photograph, random = cv2.resize(portrait, (480, 480)), np.random.default_rng(0)
    pictures = []
    for k in range(SECONDS * FPS):
        t_s = k / FPS
        x = 80 + 6 * np.sin(np.pi * t_s) + 1.5 * np.sin(2.6 * np.pi * t_s)
        moved = np.array([[1, 0, x], [0, 1, 4 * np.sin(0.74 * np.pi * t_s)]], np.float32)
        held = cv2.warpAffine(photograph, moved, SIZE, borderValue=(90, 90, 90))
        pictures.append(clipped(held + random.normal(0, 2, held.shape).astype(np.float32)))
    assert watched(landmark_model, pictures)[1] == []


def test_an_empty_room_has_nothing_to_judge(landmark_model: Path) -> None:
    random = np.random.default_rng(5)
    room = cv2.resize(random.normal(128, 40, (15, 20, 3)).astype(np.float32), SIZE)
    pictures = [clipped(room + random.normal(0, 3, room.shape)) for _ in range(3 * FPS)]
    assert watched(landmark_model, pictures) == (0.0, [])


def test_damaged_pictures_are_counted_and_nothing_is_flagged(
    landmark_model: Path, at_rest: list[Picture]
) -> None:
    """One JPEG in ten has wrong bytes; one in fifty is what a bad cable does."""
    random = np.random.default_rng(0)
    sent = [jpeg(picture) for picture in 2 * (at_rest + at_rest[::-1])]  # nothing jumps
    wrong = {number: damaged(sent[number], random) for number in range(9, len(sent), 10)}
    harmed = [n for n, data in wrong.items() if harm(decoded(data), decoded(sent[n])) > HARMED]
    stream = [wrong.get(number, data) for number, data in enumerate(sent)]
    analysis, judged, flagged, came = Analysis(LandmarkTracker(landmark_model)), 0, [], 0
    with (
        MjpegServer(500, pictures=stream) as server,
        open_source(parse_source(server.url)) as source,
    ):
        while came + source.undecodable < len(sent):
            shot = source.read()
            assert shot is not None
            place = came + source.undecodable  # a damaged one leaves its place empty
            came += 1
            frame = Frame(place, place * 1_000_000_000 // FPS, shot.image, False)
            shown = analysis.analyse(frame, FPS)
            judged += shown.assessable is Assessable.YES
            flagged += [f.finding.apex_ns for f in shown.findings if f.finding.kind == "micro"]
    assert flagged == []
    assert judged > 0.5 * len(sent)
    assert 0.8 * len(harmed) <= source.undecodable <= len(wrong)
