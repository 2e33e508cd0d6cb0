"""Damaged JPEGs are known by their picture; what moves in front of a camera is no damage."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.capture.address import parse_source
from realtime.capture.open_source import open_source
from realtime.capture.torn_picture import TearFinder
from realtime.demo.subject import DemoSubject
from tests.servers import MjpegServer, jpeg

HARMED = 0.05  # share of the picture's blocks that are wrong


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    subject = DemoSubject()
    return [jpeg(subject.frame(number)) for number in range(120)]


def damaged(data: bytes, random: np.random.Generator, count: int = 3) -> bytes:
    """A JPEG with wrong bytes in its coded picture."""
    wrong = bytearray(data)
    scan = data.index(b"\xff\xda") + 14
    for place in random.integers(scan, len(data) - 2, count):
        wrong[place] ^= random.integers(1, 256)
    return bytes(wrong)


def decoded(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def harm(image: NDArray[np.uint8], true: NDArray[np.uint8]) -> float:
    """Share of the 16-px blocks that are off by two grey levels or more."""
    error = np.abs(image.astype(int) - true).mean(2)[:480, :640]
    return float((error.reshape(30, 16, 40, 16).mean((1, 3)) > 2).mean())


def test_of_damaged_pictures_in_a_stream_nine_of_ten_are_counted_and_no_whole_one(
    pictures: list[bytes],
) -> None:
    random = np.random.default_rng(0)
    wrong = {number: damaged(pictures[number], random) for number in range(5, 120, 5)}
    cut = {number: pictures[number][: len(pictures[number]) // 2] for number in (13, 57)}
    sent = [{**wrong, **cut}.get(number, data) for number, data in enumerate(pictures)]
    whole = {number: decoded(data) for number, data in enumerate(pictures)}
    harmed = [n for n, data in wrong.items() if harm(decoded(data), whole[n]) > HARMED]
    assert len(harmed) > 12
    with MjpegServer(100, pictures=sent) as server, open_source(parse_source(server.url)) as source:
        came = 0
        while came + source.undecodable < len(sent):
            assert source.read() is not None
            came += 1
    assert source.undecodable >= 0.9 * (len(harmed) + len(cut))
    assert source.undecodable <= len(wrong) + len(cut)


def test_a_clean_stream_has_no_damaged_picture(pictures: list[bytes]) -> None:
    finder = TearFinder()
    assert not any(finder.is_torn(decoded(data)) for data in pictures)


@pytest.mark.media
def test_people_who_move_are_not_damaged_pictures(media: Path) -> None:
    finder = TearFinder()
    for name in ("posed_expressions.mp4", "small_moving_talker.mp4", "neutral_to_smile.mp4"):
        with av.open(str(media / name)) as film:
            torn = [
                finder.is_torn(frame.to_ndarray(format="bgr24")) for frame in film.decode(video=0)
            ]
        assert not any(torn)


def test_a_cut_below_something_that_stands_still_costs_one_picture() -> None:
    """A black bar above, and below it another scene."""
    random = np.random.default_rng(1)
    finder = TearFinder()
    scenes = random.integers(60, 200, (2, 480, 640, 3)).astype(np.uint8)
    scenes[1] //= 2
    scenes[:, :64] = 0
    assert [finder.is_torn(scenes[number // 5]) for number in range(10)].count(True) <= 1
