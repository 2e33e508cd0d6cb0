"""The tables of a study in every format: what they hold, and that nobody's text harms a reader."""

import csv
import json
import re
import shutil
import subprocess
import time

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from realtime.cli.study import table
from realtime.recording.session import open_session
from realtime.study.study import open_study
from realtime.study.table import tables
from realtime.study.table_files import write_tables
from tests.paths import ROOT
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import label, write_labels, write_session

HOSTILE = "=cmd|'/c calc'!A1\t\"two\nlines\x1b[2J\u2028, é"
UNITS = [{"unit": "12", "side": "left", "amplitude_iod": 0.021, "probability": 0.9}]
UNITS += [{"unit": "1+2", "side": "both", "amplitude_iod": 0.01, "probability": 0.6}]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    events = [
        event("0001", 2.0),
        event("0002", 4.0, kind="rejected", confounders=["blink", "weak"]),
    ]
    events += [event("0001", 2.1, revises=True, action_units=UNITS)]
    first = write_session(
        folder / "P07/20260101-100000-0001",
        *events,
        participant="P07",
        condition=HOSTILE,
        seen_s=60,
    )
    write_labels(first, "anna", label("0001", "surprise", apex_s=2.05, comment=HOSTILE))
    write_labels(first, "anna", label("random-0001", "none", stratum="random"))
    write_labels(first, "bert-2", label("0002", "unsure", confidence=2))
    write_session(folder / "P08/20260101-100000-0002", condition="-")
    (folder / "participants.tsv").write_text(
        f"participant_id\tage\tcondition\t=bad\nP07\t31\tn/a\t{HOSTILE.splitlines()[0][:8]}\n"
        "P08\t29\tsad\tx\n"
    )
    return folder


def written(study, path, *words):
    assert table.run([str(study), "--out", str(path), *words]) == 0
    return path


def test_events_are_final_one_row_each_with_what_coders_said(study):
    events, sessions, labels = (made.frame for made in tables(open_study(study)))
    assert events[["participant", "event", "verdict"]].to_numpy().tolist() == [
        ["P07", "0001", "micro"],
        ["P07", "0002", "rejected"],
        ["P08", "0001", "micro"],
    ]
    first, second, _ = events.to_dict("records")
    assert (first["apex_s"], first["duration_s"]) == (2.1, pytest.approx(0.4))
    assert (first["class"], first["class_probability"]) == ("surprise", 0.8)
    assert (first["action_units"], first["action_unit_sides"]) == ("12;1+2", "left;both")
    assert first["peak_percent_iod"] == pytest.approx(2.1)
    assert first["patch_percent_iod"] == pytest.approx(1.2)
    assert (first["answer_anna"], first["coded_apex_s_anna"]) == ("micro", 2.05)
    assert (first["answer_bert-2"], second["answer_bert-2"]) == ("", "unsure")
    assert second["reasons"] == "blink;weak"
    assert sessions["flagged"].tolist() == [1, 1]
    assert sessions["age"].tolist() == ["31", "29"]
    assert sessions["flagged_per_judged_minute"].tolist() == [60.0, 60.0]
    assert labels[["coder", "item", "answer"]].to_numpy().tolist() == [
        ["anna", "0001", "micro"],
        ["anna", "random-0001", "none"],
        ["bert-2", "0002", "unsure"],
    ]


def test_numbers_have_no_digits_of_arithmetic(study, tmp_path):
    for path in write_tables(tmp_path / "events.csv", tables(open_study(study))):
        assert not re.search(r"\d\.\d{10}", path.read_text("utf-8"))


def test_a_session_gives_the_same_rows_by_itself(study):
    events = tables(open_study(study))[0].frame
    alone = open_session(study / "P07/20260101-100000-0001").to_pandas()
    columns = [name for name in alone if name != "session"]
    pd.testing.assert_frame_equal(alone[columns], events[columns].iloc[:2])


def test_every_column_of_every_table_is_in_its_codebook(study, tmp_path):
    written(study, tmp_path / "events.csv")
    for name in ("events", "sessions", "labels"):
        header = next(csv.reader((tmp_path / f"{name}.csv").read_text("utf-8").splitlines()))
        book = json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
        assert [column.removeprefix("'") for column in header] == [*book][:-1]
        assert [*book][-1] == "MeasurementToolMetadata"
        assert all(each["Description"] for each in book.values())
    assert book["stratum"]["Levels"].keys() == {"flagged", "rejected", "random", "imported"}


def test_hostile_text_is_no_formula_and_one_line_in_a_csv(study, tmp_path):
    path = written(study, tmp_path / "events.csv")
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 4
    rows = list(csv.DictReader(lines))
    assert rows[0]["condition"].startswith("'=cmd")
    assert rows[2]["condition"] == "'-"
    for name in ("events", "sessions", "labels"):
        for row in csv.reader((tmp_path / f"{name}.csv").read_text("utf-8").split("\n")):
            for cell in row:
                assert not cell.startswith(("=", "+", "@"))
                assert cell.isprintable()


def test_hostile_text_is_no_formula_in_a_spreadsheet(study, tmp_path):
    path = written(study, tmp_path / "P_events.xlsx")
    for name in ("P_events", "P_sessions", "P_labels"):
        sheet = openpyxl.load_workbook(path.with_name(f"{name}.xlsx")).active
        kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
        assert kinds <= {"s", "inlineStr", "n"}  # text and numbers, no formula


def test_what_parquet_and_spss_read_is_what_pandas_has(study, tmp_path):
    made = tables(open_study(study))
    parquet = written(study, tmp_path / "study.parquet")
    sav = written(study, tmp_path / "spss" / "study.sav")
    for each, name in zip(made, ("study", "study_sessions", "study_labels"), strict=True):
        numbers = each.frame.select_dtypes("number")
        from_parquet = pd.read_parquet(parquet.with_name(f"{name}.parquet"))
        pd.testing.assert_frame_equal(from_parquet[numbers.columns], numbers)
        from_spss, about = pyreadstat.read_sav(str(sav.with_name(f"{name}.sav")))
        assert len(from_spss.columns) == len(each.frame.columns)
        position = [each.frame.columns.get_loc(column) for column in numbers]
        for at, column in zip(position, numbers, strict=True):
            assert from_spss.iloc[:, at].tolist() == pytest.approx(
                numbers[column].tolist(), nan_ok=True
            )
        assert about.column_labels[0] == "folder of the session, below the study"
    assert from_spss["comment"].tolist()[0].startswith("=cmd|'/c calc'!A1 ")
    assert pd.read_parquet(parquet)["condition"][0].isprintable()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".sav"])
def test_a_study_without_an_event_or_a_coder_has_tables_too(tmp_path, suffix):
    folder = write_session(tmp_path / "20260101-100000-0001")
    (folder / "events.jsonl").write_text("")
    out = written(folder, tmp_path / f"events{suffix}")
    read = {
        ".csv": pd.read_csv,
        ".xlsx": pd.read_excel,
        ".parquet": pd.read_parquet,
        ".sav": lambda path: pyreadstat.read_sav(str(path))[0],
    }[suffix]
    assert len(read(out)) == 0
    assert "onset_s" in read(out)
    assert len(read(out.with_name(f"sessions{suffix}"))) == 1


def test_a_killed_session_counts_what_its_frames_say(tmp_path):
    folder = write_session(tmp_path / "20260101-100000-0001")
    record = json.loads((folder / "session.json").read_text())
    del record["ended"], record["counts"]
    (folder / "session.json").write_text(json.dumps(record))
    sessions = tables(open_study(folder))[1].frame
    assert sessions["outcome"].tolist() == ["failed"]
    assert sessions["judged_minutes"].tolist() == [pytest.approx(0.15)]


def test_files_of_others_stay_but_for_force(study, tmp_path, capsys):
    theirs = tmp_path / "sessions.csv"
    theirs.write_text("mine\n1\n")
    assert table.run([str(study), "--out", str(tmp_path / "events.csv")]) == 7
    assert "was not written by fleeting table" in capsys.readouterr().err
    assert theirs.read_text() == "mine\n1\n"
    assert not (tmp_path / "events.csv").exists()
    first = written(study, tmp_path / "events.csv", "--force").read_bytes()
    assert written(study, tmp_path / "events.csv").read_bytes() == first
    assert table.run([str(study), "--out", str(tmp_path / "events.docx")]) == 2
    assert ".sav" in capsys.readouterr().err


def snippet(kind):
    page = (ROOT / "docs" / "study.md").read_text("utf-8")
    (block,) = re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return block


def test_pandas_computes_rates_as_the_page_says(study, tmp_path, monkeypatch):
    written(study, tmp_path / "tables/events.csv")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(snippet("python"), names)
    rates = names["rates"]
    assert rates["flags"].sum() == 2
    assert rates["per_minute"].tolist() == pytest.approx([60.0, 60.0])
    assert names["events"]["event"].tolist() == ["0001", "0002", "0001"]


def test_r_computes_rates_as_the_page_says(study, tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed (Debian: r-base-core)")
    written(study, tmp_path / "tables/events.csv")
    script = snippet("r") + 'cat(nrow(events), sum(rates$flags), rates$per_minute, "\\n")\n'
    (tmp_path / "rates.R").write_text(script)
    ran = subprocess.run(
        ["Rscript", "--vanilla", "rates.R"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["3", "2", "60", "60"]


def test_fifty_sessions_take_under_ten_seconds_of_the_processor(tmp_path):
    events = [event(f"{n:04d}", float(n)) for n in range(1, 41)]
    for number in range(50):
        folder = write_session(tmp_path / f"P{number:02d}/20260101-100000-0001", *events)
        for coder in ("anna", "bert"):
            write_labels(folder, coder, *(label(f"{n:04d}", "surprise") for n in range(1, 41)))
    began = time.process_time()
    written(tmp_path, tmp_path / "events.csv")
    assert time.process_time() - began < 10
    assert len(pd.read_csv(tmp_path / "events.csv")) == 2000
