"""Events on the LSL clock, read back through the network as a recorder would."""

import json
import signal
import sys
import time

import pytest

from realtime.errors import SettingsError
from realtime.event import Classification, Event
from realtime.export.lsl import LslMarkers
from realtime.recording.session import open_session
from tests.program.runs import Running, run_live, session_of
from tests.servers import MjpegServer

WAIT_S = 20


@pytest.fixture(scope="module")
def lsl():
    """pylsl, where its streams are found at all: some containers let no multicast through."""
    pylsl = pytest.importorskip("pylsl")
    name = f"probe {time.monotonic_ns()}"
    info = pylsl.StreamInfo("probe", "Markers", 1, pylsl.IRREGULAR_RATE, "string", name)
    outlet = pylsl.StreamOutlet(info)
    if not pylsl.resolve_byprop("source_id", name, timeout=WAIT_S):
        pytest.skip("LSL finds no stream on this machine's network, not even its own")
    del outlet
    return pylsl


def event(**more):
    given = {
        **dict(
            id="0001",
            face=0,
            face_box=(200, 90, 420, 370),
            kind="micro",
            onset_s=1.8,
            apex_s=2.0,
            offset_s=2.3,
        ),
        **dict(flagged_s=2.2, onset_frame=54, apex_frame=60, offset_frame=69),
        **dict(peak_motion_iod=0.01, peak_sigma=6.0, regions=(1.0, 0, 0, 0, 0, 0)),
        **dict(probability=0.9, classification=Classification("surprise", (0, 0, 1.0), 0.9, "x")),
    }
    return Event(**given | more)


def test_a_marker_is_stamped_with_the_apex_on_the_lsl_clock(lsl):
    markers = LslMarkers(f"camera {time.monotonic_ns()}")
    (found,) = lsl.resolve_byprop("source_id", markers.identity, timeout=WAIT_S)
    assert (found.name(), found.type()) == ("Fleeting", "Markers")
    inlet = lsl.StreamInlet(found)
    inlet.open_stream(WAIT_S)
    try:
        start_ns = time.monotonic_ns() - 5_000_000_000
        before = lsl.local_clock()
        markers.send(event(), start_ns)
        markers.send(event(kind="rejected", confounders=("blink",), revises=True), start_ns)
        after = lsl.local_clock()
        (text,), stamp = inlet.pull_sample(WAIT_S)
        (again,), _ = inlet.pull_sample(WAIT_S)
    finally:
        inlet.close_stream()
    assert before - 3.0 - 1e-3 <= stamp <= after - 3.0 + 1e-3  # the apex was three seconds ago
    marker = json.loads(text)
    assert marker["apex"] == pytest.approx(stamp, abs=1e-5)
    assert marker["apex"] - marker["onset"] == pytest.approx(0.2, abs=1e-2)
    assert (marker["event"], marker["label"], marker["revises"]) == ("micro", "surprise", False)
    assert json.loads(again)["reasons"] == ["blink"]


def test_without_pylsl_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pylsl", None)
    with pytest.raises(SettingsError, match=r"fleeting\[labs\]"):
        LslMarkers("camera 0")


def test_a_film_has_no_clock_to_share():
    done = run_live("--demo", "--lsl", "--dashboard", "none", "--no-record", timeout_s=60)
    assert done.returncode == 2
    assert "--lsl is for cameras and streams" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("landmark_model")
def test_a_live_run_sends_what_it_writes(lsl, jpegs, engine, tmp_path):
    with MjpegServer(30, pictures=jpegs) as server:
        run = Running.start(
            *("--source", server.url, "--dashboard", "plain", "--engine", str(engine)),
            *("--output", str(tmp_path), "--lsl"),
        )
        try:
            (found,) = lsl.resolve_bypred(
                f"contains(source_id, ':{server.port}/')", timeout=3 * WAIT_S
            )
            inlet = lsl.StreamInlet(found)
            inlet.open_stream(WAIT_S)
            run.wait_for("  micro  ")
            run.process.send_signal(signal.SIGINT)
            got = []
            while (sample := inlet.pull_sample(2.0))[0] is not None:
                got.append((json.loads(sample[0][0]), sample[1]))
            inlet.close_stream()
            assert run.process.wait(30) == 0
        finally:
            run.end()
    written = open_session(session_of(tmp_path)).lines
    assert [(m["id"], m["event"]) for m, _ in got] == [(e.id, e.kind) for e in written]
    (first, began), (last, ended) = got[0], got[-1]
    assert ended - began == pytest.approx(written[-1].apex_s - written[0].apex_s, abs=5e-3)
    assert (first["apex"], last["apex"]) == pytest.approx((began, ended), abs=1e-5)
