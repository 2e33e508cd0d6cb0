"""No text that the program writes holds a face: no array of pixels, no encoded picture.

A report is the exception, and only where pictures were asked for: then they are in its images
alone.
"""

import json
import re

import pytest

from realtime.cli.programs import main
from tests.program.runs import pictures_in

pytestmark = [pytest.mark.slow, pytest.mark.fault, pytest.mark.usefixtures("landmark_model")]

PICTURES = {".mp4", ".png"}
MANY = 100  # numbers in a row: more than all regions of a face have, fewer than any picture
IMAGE = re.compile(r'src="data:image/jpeg;base64,[A-Za-z0-9+/=]+"')


def texts(folder):
    """Every file that is no picture, by its name; each is text."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in PICTURES]
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in files}


def lists_in(value):
    """Every list of numbers in a JSON value, with its key."""
    if isinstance(value, dict):
        for key, part in value.items():
            if isinstance(part, list) and all(isinstance(v, int | float) for v in part):
                yield key, part
            yield from lists_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from lists_in(part)


def run(capsys, *words):
    assert main(list(map(str, words))) == 0
    said = capsys.readouterr()
    return said.out + said.err


def test_a_session_and_all_that_is_made_of_it(analysed, tmp_path, capsys):
    said = run(capsys, "export", analysed, "--elan", tmp_path / "a.eaf")
    said += run(capsys, "export", analysed, "--bids", tmp_path / "sub-01_task-film_events.tsv")
    said += run(capsys, "export", analysed, "--openface", tmp_path / "a.csv")
    said += run(capsys, "table", analysed.parent, "--out", tmp_path / "events.csv")
    said += run(capsys, "report", analysed, "--out", tmp_path / "numbers.html", "--pictures", "0")
    written = texts(analysed) | texts(tmp_path) | {"said": said}
    assert {"session.json", "events.jsonl", "frames.csv", "a.eaf", "numbers.html"} <= set(written)
    assert {name: pictures_in(text) for name, text in written.items() if pictures_in(text)} == {}
    for name, text in written.items():
        lines = text.splitlines() if name.endswith(".jsonl") else [text]
        for line in lines if name.endswith((".json", ".jsonl")) else ():
            long = {key for key, values in lists_in(json.loads(line)) if len(values) > MANY}
            assert long <= {"t_ns"}, name  # the time stamps of a clip


def test_a_report_has_pictures_in_its_images_alone(analysed, tmp_path, capsys):
    run(capsys, "report", analysed, "--out", tmp_path / "faces.html")
    page = (tmp_path / "faces.html").read_text("utf-8")
    assert IMAGE.search(page)
    assert pictures_in(IMAGE.sub("", page)) == []


def test_what_is_logged_while_everything_is_logged(altered):
    done = altered("""
import logging
logging.basicConfig(level=logging.DEBUG)
logging.debug("from here on")
""")
    assert done.returncode == 0, done.stderr
    assert "from here on" in done.stderr
    assert pictures_in(done.stdout + done.stderr) == []
