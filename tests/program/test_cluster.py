"""Videos on a Ray cluster give what one machine gives: by SFTP, when a worker dies, and when a node
joins that was not there at the start."""

import csv
import importlib.util
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from realtime.cli.sessions import batch
from realtime.study.study import ARCHIVE
from tests.paths import ROOT
from tests.sftp_server import PASSWORD, SftpServer

MISSING = [name for name in ("ray", "paramiko") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.fault,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.usefixtures("landmark_model"),
]
HANG_S = 240


@pytest.fixture(scope="module")
def films(film, tmp_path_factory):
    place = tmp_path_factory.mktemp("archive")
    (place / "films" / "day 2").mkdir(parents=True)
    for name in ("a.mp4", "day 2/b.mp4"):
        (place / "films" / name).write_bytes(film.read_bytes())
    return place / "films"


@pytest.fixture(scope="module")
def alone(films, engine):
    """Rows and events of one machine."""
    output = films.parent / "alone"
    assert batch.run([str(films), "--output", str(output), "--", "--engine", str(engine)]) == 0
    return seen(output)


def seen(output):
    """What was found in each video, to the byte, and its row without the session's name."""
    with (output / ARCHIVE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for row in rows:
        session = output / row.pop("session")
        kept = (session / name for name in ("events.jsonl", "frames.csv"))
        found[row["video"]] = (row, *(path.read_bytes() for path in kept))
    return found


def test_fetched_and_written_back_by_sftp_it_gives_the_same(films, alone, engine, capfd):
    with SftpServer(films.parent) as server:
        command = [server.address("films"), "--output", server.address("away"), "--cluster"]
        command += ["--", "--engine", str(engine)]
        assert batch.run(command) == 0
        said = capfd.readouterr()
        first = seen(films.parent / "away")
        assert first == alone
        sessions = sorted((films.parent / "away").rglob("session.json"))
        assert batch.run(command) == 0  # nothing is left to do
        assert sorted((films.parent / "away").rglob("session.json")) == sessions
    assert "2 of 2" in said.err
    assert PASSWORD not in said.out + said.err.replace("lab:", "")


def test_a_worker_that_is_killed_costs_no_video(films, alone, engine, tmp_path):
    started = begun(films, tmp_path / "out", engine)
    try:
        worker = analysing(started, lambda _: True)
        worker.send_signal(signal.SIGKILL)
        _, said = started.communicate(timeout=HANG_S)
    finally:
        started.kill()
    assert started.returncode == 0, said
    assert seen(tmp_path / "out") == alone


def test_a_node_that_joins_late_takes_part(films, alone, engine, tmp_path):
    """Two nodes of one cluster, each with room for one video; the second joins during the first."""
    from ray.cluster_utils import Cluster

    room = {"num_cpus": 2, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args=room | {"include_dashboard": False})
    started = begun(films, tmp_path / "out", engine, RAY_ADDRESS=cluster.address)
    try:
        head = raylet(cluster.head_node)
        assert analysing(started, lambda _: True).ppid() == head
        late = raylet(cluster.add_node(**room))
        analysing(started, lambda worker: worker.ppid() == late)
        _, said = started.communicate(timeout=HANG_S)
    finally:
        started.kill()
        started.wait()
        cluster.shutdown()
    assert started.returncode == 0, said
    assert seen(tmp_path / "out") == alone


def begun(films, output, engine, **environment):
    """The batch on a cluster, as a process of its own."""
    command = [sys.executable, "-m", "realtime.cli.programs", "batch", str(films), "--cluster"]
    command += ["--output", str(output), "--", "--engine", str(engine)]
    return subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )


def raylet(node):
    """Process of a node that starts its workers."""
    (started,) = node.all_processes["raylet"]
    return started.process.pid


def analysing(started, wanted):
    """A wanted Ray worker whose program has begun to analyse a video."""
    deadline = time.monotonic() + HANG_S
    own = f"--output {started.args[started.args.index('--output') + 1]}"
    while time.monotonic() < deadline:
        assert started.poll() is None, started.stderr.read()
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if "run_live" in words and own in " ".join(words):
                worker = process.parent()
                if worker is not None and wanted(worker):
                    return worker
    raise AssertionError("no video was begun there")


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path, capfd):
    with SftpServer(tmp_path) as server:
        assert (
            batch.run([server.address("nowhere"), "--output", str(tmp_path / "o"), "--cluster"])
            == 7
        )
    (line,) = capfd.readouterr().err.splitlines()
    assert "nowhere" in line
    assert f":{PASSWORD}@" not in line
