"""The folder that is recorded into is taken away while the program runs."""

import ctypes
import os
import sys

import pytest

from tests.program.runs import Running, session_of

pytestmark = [pytest.mark.usefixtures("landmark_model"), pytest.mark.fault]


def link(place, output, aside):
    place.symlink_to(aside)


def loop(place, output, aside):
    place.symlink_to(output)


def file(place, output, aside):
    place.write_text("mine")


def exchange(one, other):
    """Swap two names at once: a folder that is missing for a moment only is made again."""
    at_cwd, at_once = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    names = (at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), at_once)
    if ctypes.CDLL(None, use_errno=True).renameat2(*names):
        raise OSError(ctypes.get_errno(), "the file system cannot swap two names")


@pytest.mark.skipif(sys.platform != "linux", reason="swaps two names as Linux can")
@pytest.mark.parametrize("replace", [link, loop, file])
def test_recording_pauses_detection_goes_on_and_nothing_goes_through(
    replace, film, engine, tmp_path
):
    output, aside = tmp_path / "out", tmp_path / "aside"
    run = Running.start(
        *("--source", str(film), "--dashboard", "plain", "--engine", str(engine)),
        *("--output", str(output)),
    )
    try:
        run.wait_for(" FILM ")  # nothing can be flagged in the first two seconds
        replace(aside, output, aside)
        exchange(output, aside)
        before = {p: p.read_bytes() for p in aside.rglob("*") if p.is_file()}
        run.wait_for("recorder PAUSED")
        run.wait_for("flagged as micro-expression")  # detection goes on
        assert run.process.wait(60) == 6
    finally:
        run.end()
    said = "\n".join(line for _, line in run.lines)
    assert "is written through it" in said or "cannot be written" in said
    assert {p: p.read_bytes() for p in aside.rglob("*") if p.is_file()} == before
    if replace is file:
        assert output.read_text() == "mine"
    assert session_of(aside).is_dir()
