"""The folder that is recorded into is taken away while the program runs."""

import pytest

from tests.program.runs import Running, session_of

pytestmark = [pytest.mark.usefixtures("landmark_model"), pytest.mark.fault]


def link(output, aside):
    output.symlink_to(aside)


def loop(output, aside):
    output.symlink_to(output)


def file(output, aside):
    output.write_text("mine")


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
        run.wait_for(" LIVE ")  # nothing can be flagged in the first two seconds
        output.rename(aside)
        replace(output, aside)
        before = {p: p.read_bytes() for p in aside.rglob("*") if p.is_file()}
        run.wait_for("recorder PAUSED")
        run.wait_for("  micro  ")  # detection goes on
        assert run.process.wait(60) == 6
    finally:
        run.end()
    said = "\n".join(line for _, line in run.lines)
    assert "is written through it" in said or "cannot be written" in said
    assert {p: p.read_bytes() for p in aside.rglob("*") if p.is_file()} == before
    if replace is file:
        assert output.read_text() == "mine"
    assert session_of(aside).is_dir()
