"""kill -9 at random moments while clips are being written."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.recording.clip_recovery import recover
from realtime.recording.session import open_session
from tests.paths import ROOT
from tests.realtime.recording.frames import frames_of
from tests.realtime.recording.recording_child import RATE


def pytest_generate_tests(metafunc):
    metafunc.parametrize("seed", range(metafunc.config.getoption("kills")))


@pytest.mark.fault
def test_a_killed_recording_is_readable(tmp_path, seed):
    # frames 39, 79, ... open clips that last 0.3 s, so most of these moments are inside one
    last = 95 + random.Random(seed).randrange(60)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.realtime.recording.recording_child", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        for line in child.stdout:
            report = json.loads(line)
            if report["pushed"] >= last and report["clips"]:  # a busy machine encodes late
                break
        child.kill()
        # what it still pushed while the signal was on its way
        rest = [json.loads(text) for text in child.stdout if text.endswith("}\n")]
    report = (rest or [report])[-1]
    assert child.returncode == -9
    clips = Path(report["folder"]) / "clips"

    events = open_session(clips.parent).lines
    # killed behind an event and before the report of its frame, there is one more
    assert len(events) in {(report["pushed"] + more) // 40 for more in (1, 2)}

    finished = sorted(clips.glob("*[0-9].mp4"))
    assert len(finished) >= report["clips"] >= 1
    for path in finished:
        event = next(e for e in events if e.clip == f"clips/{path.name}")
        first = event.onset_frame - RATE // 5
        numbers = [number for number, _ in frames_of(path)]
        assert numbers == list(range(first, event.offset_frame + RATE * 3 // 10 + 1))

    may_lose_s = 0.6 + report["late_s"]  # a busy machine encodes as late as it pushes
    parts = {p.name.removesuffix(".part.mp4") for p in clips.glob("*.part.mp4")}
    recover(clips.parents[1])
    for name in parts:
        event = next(e for e in events if e.id == name)
        handed = min(report["pushed"], event.offset_frame + RATE * 3 // 10)
        path = clips / f"{name}.recovered.mp4"
        if path.exists():
            numbers = [number for number, _ in frames_of(path)]
            assert numbers[0] == event.onset_frame - RATE // 5
            assert (handed - numbers[-1]) / RATE <= may_lose_s
        else:  # killed before the clip's second frame was written
            assert report["pushed"] - event.offset_frame <= may_lose_s * RATE
    assert not list(clips.glob("*.part.mp4"))
