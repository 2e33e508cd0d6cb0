"""A study of three sessions as a page and as a PDF, and the rates in it."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import cv2
import pytest

from realtime.demo.portrait import portrait
from realtime.errors import DataError, SettingsError
from realtime.report import pdf
from realtime.report.charts import WIDTH, timeline
from realtime.report.program import write_report
from realtime.report.rates import rate_of, rates_by_condition, rates_by_participant
from realtime.report.session_report import SessionReport, session_report
from realtime.statistics import rate_interval
from realtime.study.estimates import count_answers, estimate, judged_minutes
from realtime.study.queue import drawn_queue
from realtime.study.study import open_study
from tests.realtime.review.made_session import event
from tests.realtime.study.made_study import label, write_labels, write_session

HOSTILE = "<script>alert(1)</script>"
JUDGED_MIN = 9.0 / 60  # of the made table of ten seconds: the first has no face
VOID = {"meta", "img", "br", "link"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of P01 two sessions with three flags, of a hostile name one with none."""
    folder = tmp_path_factory.mktemp("sad & neutral")
    stills = [f"stills/0001_{name}.png" for name in ("onset", "apex", "displacement")]
    first = write_session(
        folder / "a",
        event("0001", 2.0, stills=stills, face_box=[130, 60, 330, 300]),
        event("0002", 4.0, kind="rejected", confounders=["blink"]),
        participant="P01",
        condition="sad",
    )
    (first / "stills").mkdir()
    for still in stills:
        cv2.imwrite(str(first / still), portrait())
    write_session(
        folder / "b", event("0001", 2.0), event("0002", 5.0), participant="P01", condition="neutral"
    )
    write_session(
        folder / "c",
        event("0001", 2.0, kind="rejected"),
        participant=HOSTILE,
        condition="sad",
    )
    (first / "markers.jsonl").write_text(
        json.dumps({"schema": 1, "t_s": 3.0, "label": HOSTILE, "origin": "port"}) + "\n"
    )
    write_labels(first, "anna", label("0001", "surprise"))
    return folder


@pytest.fixture(scope="module")
def reports(study: Path) -> list[SessionReport]:
    return [session_report(of) for of in open_study(study).sessions]


@pytest.fixture(scope="module")
def page(study: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("report") / "report.html"
    write_report(study, out, pictures=12)
    assert out.stat().st_mode & 0o077 == 0
    return out.read_text("utf-8")


class Elements(HTMLParser):
    """Every element in order, with its attributes; fails on one that is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_outside_it(page: str) -> None:
    elements = Elements(page).found
    assert "script" not in {tag for tag, _ in elements}
    addresses = [given for _, of in elements for name in ("src", "href") if (given := of.get(name))]
    assert len(addresses) == 3
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert not re.search(r"url\(|@import|https?://", page)


def test_names_and_labels_of_others_show_as_text(page: str) -> None:
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3  # rates, session, marker


def test_the_methods_paragraph_has_the_numbers_of_the_study(page: str) -> None:
    (said,) = re.findall(r'<p class="methods">(.*?)</p>', page)
    for part in (
        "Films of 2 participants (3 recordings, 0.5 min)",
        "The frame rate was 30 frames/s",
        "(90 %); most of the rest was excluded for: no face (0.1 min)",
        "In total 3 movements were flagged, 6.67 a judged minute",
        "By condition: neutral 13.33",
    ):
        assert part in said


def test_labels_stills_and_reasons_are_shown(page: str) -> None:
    assert "anna: surprise" in page
    assert "<td>program and anna</td>" in page
    assert "Not judged: no face 1.0 s." in page
    assert page.count('alt="apex of event 0001"') == 1


def test_a_sample_gives_precision_recall_and_false_alarms_with_their_intervals(
    study: Path, tmp_path: Path
) -> None:
    shutil.copytree(study, tmp_path / "study")
    opened = open_study(tmp_path / "study")
    queue = drawn_queue(opened, "bert", 30, 1, lambda of, event: True, lambda of: [(0.0, 99.0)])
    words = {"flagged": ["micro", "none", "micro"], "rejected": ["none", "micro"], "random": []}
    for of, item in queue:
        word = (words[item.stratum] or ["none"]).pop(0)
        write_labels(of.session.folder, "bert", label(item.item, word, stratum=item.stratum))
    counts = count_answers(opened, "bert")
    found = estimate(counts, judged_minutes(opened))
    assert found.recall is not None
    write_report(tmp_path / "study", tmp_path / "report.html", pictures=0)
    page = (tmp_path / "report.html").read_text("utf-8")
    Elements(page)
    for text in (
        '<td>Precision</td><td class="n">67 %</td>',
        f'<td>Recall</td><td class="n">{round(100 * found.recall.value)} %</td>',
        f'<td>False alarms a minute</td><td class="n">{found.alarms_per_minute.value:.2f}</td>',
        "2 of 3 flagged movements were answered as micro-expressions; Wilson",
        "interval by simulation from Clopper and Pearson",
        f"{round(100 * found.recall.low)} % to {round(100 * found.recall.high)} %",
    ):
        assert text in page
    (said,) = re.findall(r'<p class="methods">(.*?)</p>', page)
    assert "A coder (bert) judged 30 items of a stratified random sample" in said
    assert "recall 67 % (95 % CI" in said
    # anna answered a flag, and no sample was drawn for her
    assert "A coder (anna) judged 1 flagged movement," in said


def test_pictures_can_be_left_out(study: Path, tmp_path: Path) -> None:
    write_report(study, tmp_path / "report.html", pictures=0)
    assert "data:image" not in (tmp_path / "report.html").read_text("utf-8")


def test_a_rate_of_one_participant_has_the_interval_of_chance(
    reports: list[SessionReport],
) -> None:
    one, other = rates_by_participant(reports)
    assert (one.name, one.flagged, one.sessions) == (HOSTILE, 0, 1)
    assert (other.name, other.flagged, other.sessions) == ("P01", 3, 2)
    assert other.judged_minutes == pytest.approx(2 * JUDGED_MIN)
    assert other.interval == pytest.approx(rate_interval(3, other.judged_minutes))


def test_participants_who_differ_more_than_by_chance_widen_the_interval(
    reports: list[SessionReport],
) -> None:
    everyone = rate_of("all", reports)
    # expected 2 and 1 flags, seen 3 and 0: chi-squared of 1/2 + 1 over one degree of freedom
    dispersion = 1.5
    expected = rate_interval(3 / dispersion, 3 * JUDGED_MIN / dispersion)
    assert everyone.interval == pytest.approx(expected)
    assert [rate.name for rate in rates_by_condition(reports)] == ["neutral", "sad"]


def test_the_timeline_shows_events_markers_and_what_was_not_judged(
    reports: list[SessionReport],
) -> None:
    chart = timeline(reports[0])
    assert [tick.x for tick in chart.flagged] == [WIDTH * 0.2]
    assert [tick.x for tick in chart.rejected] == [WIDTH * 0.4]
    assert [(tick.x, tick.text) for tick in chart.markers] == [(WIDTH * 0.3, HOSTILE)]
    (bar,) = chart.unjudged
    assert (bar.x, bar.text) == (0.0, "no face")
    assert bar.width == pytest.approx(WIDTH * 0.1, abs=WIDTH / 290)
    assert chart.upper == chart.lower == ()  # the sensitivity is not known


def test_a_single_session_has_a_report_too(study: Path, tmp_path: Path) -> None:
    write_report(study / "a", tmp_path / "report.html", pictures=1)
    assert "(1 recording, 0.2 min)" in (tmp_path / "report.html").read_text("utf-8")


def test_what_cannot_be_written_is_told_before_the_work(study: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ends in \.html or \.pdf"):
        write_report(study, tmp_path / "report.docx", pictures=1)
    with pytest.raises(DataError, match="holds no session"):
        write_report(tmp_path, tmp_path / "report.html", pictures=1)


def test_without_a_browser_the_message_says_what_to_do(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=r"write report\.html"):
        write_report(study, tmp_path / "report.pdf", pictures=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(
    not any(map(shutil.which, pdf.BROWSERS)), reason="no Chromium or Chrome is installed"
)
def test_a_browser_prints_it_as_pdf(study: Path, tmp_path: Path) -> None:
    write_report(study, tmp_path / "report.pdf", pictures=1)
    printed = (tmp_path / "report.pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    assert printed.rstrip().endswith(b"%%EOF")
    assert printed.count(b"/Type /Page\n") >= 2
