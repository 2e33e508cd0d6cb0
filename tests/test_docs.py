"""README and docs: links lead somewhere, commands exist, and the codebook names what is written."""

import ast
import dataclasses
import importlib
import importlib.util
import json
import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer.main

from realtime.batch.table import BatchRow
from realtime.cli.command import new_app
from realtime.event import Classification, Event
from realtime.face.assessability import Assessable
from realtime.recording import clip_recording
from realtime.recording.event_table import event_columns
from realtime.recording.frame_row import COLUMNS, FrameRow
from realtime.recording.labels import Label
from realtime.recording.markers import Marker
from realtime.recording.session_record import SessionRecord
from realtime.settings.load import load_settings
from realtime.settings.write import to_toml
from realtime.spotting import rejection_rules
from realtime.spotting.person_profile import Profile
from realtime.spotting.verifier import SHIPPED
from realtime.study.agreement import WORDS, RaterPair
from realtime.study.agreement_program import row_of
from realtime.study.participants import Participants
from realtime.study.queue import QueueItem, SessionQueue
from realtime.study.session_columns import session_columns
from realtime.study.study import Study
from realtime.study.table import tables
from tests.paths import ROOT
from tests.realtime.review.made_session import event, write_events
from tests.realtime.study.made_study import label, write_labels

PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("benchmarks/*.md"))
)
README_LINES = 120
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_COMMAND = re.compile(r"^(?:\$ +)?fleeting +(\S.*)$", re.MULTILINE)
_OPTION = re.compile(r"(?<=\s)--?[a-z][a-z-]*")
_MODULE = re.compile(r"python3? -m ((?:benchmarks|model|calibration|realtime)[\w.]*)")


# Words of this project's own where the field has a term: docs/glossary.md has the terms.
_PRIVATE = re.compile(
    r"\b(named rightly|taken back|second look|put up with|found again|another skin"
    r"|lets? frames go|shoulders?|lawful|liveliness|lively|to and fro|in eights"
    r"|sightings?)\b",
    re.IGNORECASE,
)
SOURCES = sorted(
    path
    for top in ("realtime", "model", "calibration", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
)


def name_of(path):
    return str(path.relative_to(ROOT))


def text_of(path):
    return _COMMENT.sub("", path.read_text("utf-8"))


def code_of(path):
    """What the page shows as code: fenced blocks, then spans of the rest."""
    text = text_of(path)
    blocks = [body.replace("\\\n", " ") for _, body in _FENCE.findall(text)]
    return [*blocks, *_SPAN.findall(_FENCE.sub("", text))]


def anchors(path):
    """Headings as the names that a link can have behind its #."""
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text_of(path)))
    return {heading.replace(" ", "-") for heading in kept}


def links():
    for page in PAGES:
        for target in _LINK.findall(_FENCE.sub("", text_of(page))):
            if not re.match(r"[a-z]+:", target):
                yield pytest.param(page, target, id=f"{name_of(page)}: {target}")


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_a_link_leads_to_a_file_and_a_heading(page, target):
    place, _, anchor = target.partition("#")
    path = (page.parent / place).resolve() if place else page
    assert path.exists()
    assert not anchor or anchor in anchors(path)


def test_every_page_of_the_docs_is_in_the_index():
    listed = set(_LINK.findall(text_of(ROOT / "docs" / "index.md")))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert pages <= listed


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_begins_with_a_heading_and_a_sentence(page):
    heading, blank, first, *_ = text_of(page).split("\n")
    assert heading.startswith("# ")
    assert blank == ""
    assert first
    assert not first.startswith("|")


@pytest.mark.parametrize("path", [*PAGES, *SOURCES], ids=name_of)
def test_the_words_are_those_of_the_field(path):
    text = path.read_text("utf-8")
    assert not _PRIVATE.search(text)
    assert "| % IOD |" not in text  # peak or patch: two quantities


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= README_LINES


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_module_that_is_run_exists(page):
    for code in code_of(page):
        for module in _MODULE.findall(code):
            assert importlib.util.find_spec(module), module


def registered():
    """Every command by its name, as it parses its arguments."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name, value in project["entry-points"]["fleeting.commands"].items():
        module, _, attribute = value.partition(":")
        app = new_app()
        getattr(importlib.import_module(module), attribute).add_to(app, name)
        yield name, typer.main.get_command(app)


COMMANDS = dict(registered())


def commands_of(code):
    """(words, options) of every command in a piece of code."""
    for line in _COMMAND.findall(code):
        given = line.partition(" #")[0]
        own, dashes, passed_on = f"{given} ".partition(" -- ")
        yield own.split(), set(_OPTION.findall(own))
        if dashes:
            yield ["live"], set(_OPTION.findall(f" {passed_on}"))


def name_in(words):
    return " ".join(words[: 2 if words[0] == "calibrate" else 1])


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_command_and_its_options_exist(page):
    for words, options in (found for code in code_of(page) for found in commands_of(code)):
        if words[0].startswith("-"):
            assert words[0] in ("--help", "--version")
            continue
        name = name_in(words)
        assert name in COMMANDS, name
        parameters = COMMANDS[name].params
        known = {option for p in parameters for option in (*p.opts, *p.secondary_opts)}
        assert options <= known | {"--help", "-h"}, name


def shown_lines():
    """Every command line of a fenced block, as its words; what follows `--` is one of live's."""
    for page in PAGES:
        for _, body in _FENCE.findall(text_of(page)):
            for line in _COMMAND.findall(body.replace("\\\n", " ")):
                words = shlex.split(line, comments=True)
                cut = words.index("--") if "--" in words else len(words)
                yield pytest.param(words[:cut], id=f"{name_of(page)}: {line}")
                if words[cut + 1 :]:
                    film = ["live", "--source", "film.mp4", *words[cut + 1 :]]
                    yield pytest.param(film, id=f"{name_of(page)}: {line} (live)")


@pytest.mark.parametrize("words", list(shown_lines()))
def test_a_command_line_is_taken_as_it_is_written(words, monkeypatch):
    """With every value in its bounds, and, where it analyses, as settings that fit together."""
    if words[0].startswith("-"):
        return

    def check(config, flags, **_):
        if config is None:  # a file of one's own may say the rest
            load_settings(None, flags)

    monkeypatch.setattr("realtime.cli.live._run", check)
    name = name_in(words)
    command = COMMANDS[name]
    given = words[len(name.split()) :]
    if {"--help", "-h"} & set(given):
        return
    with command.make_context(name, list(given)) as context:
        if name in ("live", "demo") and not {"--list-cameras", "--write-config"} & set(given):
            command.invoke(context)


def test_every_command_is_shown():
    shown = {name_in(words) for p in PAGES for code in code_of(p) for words, _ in commands_of(code)}
    assert not set(COMMANDS) - shown


def test_the_python_page_runs_as_written(tmp_path, capsys):
    write_events(tmp_path, [event("0001", 2.0), event("0002", 5.0, kind="rejected")])
    frame = FrameRow.without_face(0, 0.0).to_csv()
    (tmp_path / "frames.csv").write_text(f"{','.join(COLUMNS)}\n{frame}\n")
    write_labels(tmp_path, "anna", label("0001", "surprise"))
    blocks = [body for kind, body in _FENCE.findall(text_of(ROOT / "docs/python.md")) if kind]
    first = re.sub(r'open_session\(".*?"\)', f"open_session({str(tmp_path)!r})", blocks[0])
    names = {}
    exec(first, names)
    assert capsys.readouterr().out.split()[:3] == ["0001", "1.8", "2.0"]
    assert [said.item for said in names["labels"]["anna"]] == ["0001"]
    assert len(names["rows"]) == 1
    exec(blocks[1], names)
    assert names["events"]["answer_anna"].tolist() == ["micro", ""]
    for attribute in _SPAN.findall(
        text_of(ROOT / "docs/python.md").split("| attribute |")[1].split("\n\n")[0]
    ):
        if attribute.isidentifier() and attribute not in ("None", "pandas"):
            assert hasattr(names["session"], attribute), attribute


def an_event():
    """With everything that an event can hold."""
    answer = Classification("surprise", (0.1, 0.2, 0.7), 0.9, "onnxruntime-f32 00000000")
    return Event(
        id="0001",
        face=0,
        face_box=(1.0, 2.0, 3.0, 4.0),
        kind="micro",
        onset_s=1.0,
        apex_s=1.1,
        offset_s=1.3,
        flagged_s=1.3,
        onset_frame=30,
        apex_frame=33,
        offset_frame=39,
        peak_motion_iod=0.01,
        peak_sigma=7.0,
        regions=(0.5, 0.1, 0.1, 0.1, 0.1, 0.1),
        probability=0.8,
        classification=answer,
        revises=True,
    )


def dotted(part, path=""):
    """Every field of a record as the codebook writes it: counts.frames.read."""
    if isinstance(part, dict) and "properties" in part:
        for name, inner in part["properties"].items():
            yield from dotted(inner, f"{path}.{name}" if path else name)
    elif isinstance(part, dict) and "anyOf" in part:
        yield from dotted(part["anyOf"][0], path)
    else:
        yield path


def fields_of_session():
    schema = SessionRecord.model_json_schema(by_alias=True)
    parts = schema.pop("$defs")

    def whole(node):
        if isinstance(node, dict):
            known = parts[node["$ref"].rpartition("/")[2]] if "$ref" in node else node
            return {key: whole(value) for key, value in known.items() if key != "default"}
        return [whole(value) for value in node] if isinstance(node, list) else node

    return set(dotted(whole(schema)))


def reasons():
    tree = ast.parse(Path(rejection_rules.__file__).read_text("utf-8"))
    return {
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant)
    }


def keys_of_clip_notes():
    tree = ast.parse(Path(clip_recording.__file__).read_text("utf-8"))
    records = (node.keys for node in ast.walk(tree) if isinstance(node, ast.Dict))
    (keys,) = (keys for keys in records if any(key.value == "t_ns" for key in keys))
    return {key.value for key in keys}


def columns_of_a_study():
    study = Study(Path(), Participants(columns=()), (), ())
    events = {column.name for column in event_columns(["CODER"])}
    sessions = {column.name for column in session_columns(study)}
    sizes = {name for name in sessions if re.fullmatch(r"sensitivity_.*_(1_5|[236])", name)}
    return events | (sessions - sizes) | set(tables(study)[2].frame.columns)


def no_pair():
    nothing = np.zeros((len(WORDS), len(WORDS)), np.int64)
    return RaterPair("anna", "bert", 0, nothing, 0, (), ())


def section(title):
    """The codebook's lines under a heading."""
    text = text_of(ROOT / "docs" / "codebook.md")
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("session.json", fields_of_session()),
        ("events.jsonl", set(json.loads(an_event().to_json())) | reasons()),
        ("clips/*.json", keys_of_clip_notes()),
        ("labels/CODER.jsonl", {"schema", "removed", *(f.name for f in dataclasses.fields(Label))}),
        (
            "labels/CODER.queue.json",
            {
                *(field.alias or name for name, field in SessionQueue.model_fields.items()),
                *(f.name for f in dataclasses.fields(QueueItem)),
            },
        ),
        ("markers.jsonl", set(json.loads(Marker(0.0).to_json()))),
        ("The tables of a study", columns_of_a_study()),
        ("The table of agreement", set(row_of(no_pair()))),
        ("participants.tsv", set(Participants().columns)),
        ("frames.csv", {*COLUMNS, *(verdict.name.lower() for verdict in Assessable)}),
        ("archive.csv, the table of a batch", {f.name for f in dataclasses.fields(BatchRow)}),
        ("Profile of a person", {"schema", *(f.name for f in dataclasses.fields(Profile))}),
    ],
)
def test_the_codebook_names_what_is_written(title, names):
    assert names <= set(_SPAN.findall(section(title)))


def test_the_codebook_explains_the_shipped_verifier():
    with np.load(SHIPPED) as arrays:
        names = {re.sub(r"^(early|late)_", "…_", name) for name in arrays}
    assert names <= set(_SPAN.findall(section("Verifier")))


def test_the_codebook_explains_the_shipped_engine():
    described = json.loads((ROOT / "model/engines/first/engine.json").read_text("utf-8"))
    known = {span.partition(".")[0] for span in _SPAN.findall(section("Engine folder"))}
    assert set(described) <= known


def test_the_configuration_is_what_write_config_writes():
    text = text_of(ROOT / "docs" / "configuration.md")
    (block,) = (body for kind, body in _FENCE.findall(text) if kind == "toml")
    assert block == to_toml(load_settings(None, {"source.camera": 0}))
