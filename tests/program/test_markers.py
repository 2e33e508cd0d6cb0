"""Markers out and in: events on the LSL clock, read back through the network as a recorder would;
an experiment's own markers, by LSL and by the loopback port, on the session's clock."""

import json
import signal
import socket
import sys
import time

import pytest

from realtime.errors import SettingsError
from realtime.event import Classification, Event
from realtime.export.lsl import LslMarkers
from realtime.recording.session import open_session
from tests.program.runs import Running, run_live, session_of
from tests.servers import MjpegServer, free_port

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


class Outlet:
    """Stands for the network: LSL's own is tried above where there is one."""

    def __init__(self, *_):
        self.sent = []

    def push_sample(self, sample, stamp):
        self.sent.append(json.loads(sample[0]))


@pytest.mark.parametrize(
    ("only", "sent"),
    [
        ("all", ["1 micro", "2 rejected", "1 rejected", "3 micro"]),
        ("flagged", ["1 micro", "1 rejected", "3 micro"]),
        ("rejected", ["2 rejected", "1 rejected"]),
    ],
)
def test_some_events_can_be_sent_and_a_retraction_goes_where_its_flag_went(monkeypatch, only, sent):
    pylsl = pytest.importorskip("pylsl")
    monkeypatch.setattr(pylsl, "StreamOutlet", Outlet)
    markers = LslMarkers("camera 0", only)
    for one in (
        event(id="1"),
        event(id="2", kind="rejected", confounders=("blink",)),
        event(id="1", kind="rejected", confounders=("blink",), revises=True),
        event(id="3"),
    ):
        markers.send(one, 0)
    assert [f"{marker['id']} {marker['event']}" for marker in markers._outlet.sent] == sent


def test_a_choice_of_events_to_send_needs_somebody_to_send_them_to():
    done = run_live("--demo", "--only", "flagged", "--dashboard", "none", timeout_s=60)
    assert done.returncode == 2
    assert "--only flagged chooses what --lsl sends: give --lsl too" in done.stderr


def test_without_pylsl_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pylsl", None)
    with pytest.raises(SettingsError, match="pip install 'pylsl"):
        LslMarkers("camera 0")


def test_a_film_has_no_clock_to_share():
    asked = ("--lsl", "--markers-from", "x", "--markers-port", "0")
    done = run_live("--demo", *asked, "--dashboard", "none", "--no-record", timeout_s=60)
    assert done.returncode == 2
    assert "--lsl, --markers-from, --markers-port is for cameras and streams" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("landmark_model")
def test_a_live_run_sends_what_it_writes_and_writes_what_it_is_sent(lsl, jpegs, engine, tmp_path):
    trials, port = f"trials {time.monotonic_ns()}", free_port()
    outlet = lsl.StreamOutlet(
        lsl.StreamInfo(trials, "Markers", 1, lsl.IRREGULAR_RATE, "int32", trials)
    )
    with MjpegServer(30, pictures=jpegs) as server:
        run = Running.start(
            *("--source", server.url, "--dashboard", "plain", "--engine", str(engine)),
            *("--output", str(tmp_path), "--lsl"),
            *("--markers-from", trials, "--markers-port", str(port)),
        )
        try:
            (found,) = lsl.resolve_bypred(
                f"contains(source_id, ':{server.port}/')", timeout=3 * WAIT_S
            )
            inlet = lsl.StreamInlet(found)
            inlet.open_stream(WAIT_S)
            run.wait_for(f"the LSL stream {trials} is there")
            with socket.create_connection(("127.0.0.1", port), WAIT_S) as experiment:
                outlet.push_sample([101], lsl.local_clock() - 0.25)  # as it was shown
                experiment.sendall(b"question 2\n")
            run.wait_for("marker question 2")
            run.wait_for("flagged as micro-expression")
            run.process.send_signal(signal.SIGINT)
            got = []
            while (sample := inlet.pull_sample(2.0))[0] is not None:
                got.append((json.loads(sample[0][0]), sample[1]))
            inlet.close_stream()
            assert run.process.wait(30) == 0
        finally:
            run.end()
    session = open_session(session_of(tmp_path))
    by_lsl, by_port = session.markers
    assert (by_lsl.label, by_lsl.origin) == ("101", "lsl")
    assert (by_port.label, by_port.origin) == ("question 2", "port")
    assert by_port.t_s - by_lsl.t_s == pytest.approx(0.25, abs=0.05)
    written = session.lines
    assert [(m["id"], m["event"]) for m, _ in got] == [(e.id, e.kind) for e in written]
    (first, began), (last, ended) = got[0], got[-1]
    assert ended - began == pytest.approx(written[-1].apex_s - written[0].apex_s, abs=5e-3)
    assert (first["apex"], last["apex"]) == pytest.approx((began, ended), abs=1e-5)
