"""What every source promises, whatever it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from realtime.capture.address import parse_source
from realtime.capture.camera import list_cameras
from realtime.capture.open_source import open_source
from realtime.capture.source import Source, SourceKind
from tests.realtime.capture.films import write_film, write_folder
from tests.servers import MjpegServer, RtspServer, number_of

FRAMES = 12
KINDS = ("file", "folder", "http", "rtsp", "camera")


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    text: str
    fps: float | None

    def open(self) -> Source:
        return open_source(parse_source(self.text), fps=self.fps)


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    name = request.param
    with ExitStack() as stack:
        match name:
            case "file":
                film = write_film(tmp_path / "a.mp4", [n * 40_000 for n in range(FRAMES)])
                yield Case(name, str(film), None)
            case "folder":
                yield Case(name, str(write_folder(tmp_path / "pictures", FRAMES)), 25.0)
            case "http":
                yield Case(name, stack.enter_context(MjpegServer(100)).url, None)
            case "rtsp":
                yield Case(name, stack.enter_context(RtspServer(100)).url, None)
            case "camera":
                cameras = list_cameras()
                if not cameras:
                    pytest.skip("this machine has no camera")
                yield Case(name, str(cameras[0].index), None)


def test_every_source_keeps_the_contract(case: Case) -> None:
    with case.open() as source:
        info = source.info
        assert info.live == (info.kind in (SourceKind.CAMERA, SourceKind.STREAM))
        shots = []
        while len(shots) < FRAMES and (shot := source.read()) is not None:
            shots.append(shot)
        assert len(shots) == FRAMES
        for shot in shots:
            assert shot.image.shape == (info.height, info.width, 3)
            assert shot.image.dtype == np.uint8
        times = [shot.t_ns for shot in shots]
        assert all(isinstance(t, int) for t in times)
        assert times == sorted(set(times))
        # memory is the caller's: a later read has not written into an earlier picture
        if case.name != "camera":
            numbers = [number_of(shot.image) for shot in shots]
            assert numbers == list(range(numbers[0], numbers[0] + FRAMES))
        if not info.live:
            assert info.frame_count == FRAMES
            assert source.read() is None
            assert source.read() is None
        assert source.undecodable == 0
    source.close()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_nothing_is_left_behind_after_twenty_openings(case: Case) -> None:
    def use() -> None:
        with case.open() as source:
            source.read()

    # Threads outside Python (decoders, FFmpeg) count too; the servers' own are joined by their end.
    def held() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

    use()  # the first opening loads libraries and starts pools that stay
    _quiet()
    descriptors, threads = held()
    for _ in range(20):
        use()
    for _ in range(100):
        _quiet()
        now = held()
        if now[0] <= descriptors and now[1] <= threads:
            return
    pytest.fail(f"{descriptors} descriptors, {threads} threads became {now}")


def _quiet() -> None:
    """Lets a server notice that its reader has hung up."""
    threading.Event().wait(0.1)
