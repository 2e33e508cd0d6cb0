"""Which event finds which micro-expression, and the table that says so."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from realtime.demo.score import match, report_table
from realtime.demo.screenplay import TruthEvent
from realtime.event import Classification, Event, Kind

_TRUTH = (
    TruthEvent(7.0, 7.15, 7.4, "positive", 0.025),
    TruthEvent(12.0, 12.2, 12.4, "negative", 0.021),
)


def _event(
    number: str,
    apex_s: float,
    *,
    kind: Kind = "micro",
    label: str = "positive",
    onset_s: float | None = None,
    offset_s: float | None = None,
    revises: bool = False,
) -> Event:
    return Event(
        id=number,
        face=0,
        face_box=(200.0, 90.0, 420.0, 370.0),
        kind=kind,
        onset_s=apex_s - 0.15 if onset_s is None else onset_s,
        apex_s=apex_s,
        offset_s=apex_s + 0.25 if offset_s is None else offset_s,
        flagged_s=apex_s + 0.3,
        onset_frame=0,
        apex_frame=1,
        offset_frame=2,
        peak_motion_iod=0.019,
        peak_sigma=9.0,
        regions=(0.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        classification=Classification(label, (0.1, 0.8, 0.1), 0.9, "test"),
        revises=revises,
    )


@pytest.mark.parametrize(
    ("apex_s", "found"), [(6.89, 0), (6.91, 1), (7.2, 1), (7.49, 1), (7.51, 0)]
)
def test_the_apex_must_lie_inside_give_or_take_a_tenth(apex_s: float, found: int) -> None:
    report = match(_TRUTH, [_event("0001", apex_s)])
    assert report.found == found
    assert len(report.false_alarms) == 1 - found


def test_errors_and_overlap() -> None:
    report = match(_TRUTH, [_event("0001", 7.2, onset_s=7.1, offset_s=7.5)])
    first, second = report.matches
    assert first.onset_error_s == pytest.approx(0.1)
    assert first.apex_error_s == pytest.approx(0.05)
    assert first.iou == pytest.approx(0.3 / 0.5)
    assert (second.event, second.iou, second.apex_error_s) == (None, 0.0, None)


def test_one_event_for_one_micro_expression_the_nearest() -> None:
    far, near = _event("0001", 7.4), _event("0002", 7.16)
    report = match(_TRUTH, [far, near])
    assert report.matches[0].event == near
    assert report.false_alarms == (far,)


def test_only_the_last_line_of_an_id_counts() -> None:
    report = match(_TRUTH, [_event("0001", 7.2), _event("0001", 7.2, kind="macro", revises=True)])
    assert report.found == 0
    assert report.false_alarms == ()
    revised = _event("0001", 12.2, label="negative", revises=True)
    report = match(_TRUTH, [_event("0001", 9.0), revised])
    assert report.matches[1].event == revised
    assert report.false_alarms == ()


def test_rejected_movements_are_neither_found_nor_false_alarms() -> None:
    events = [_event("0001", 7.2, kind="rejected"), _event("0002", 20.0, kind="rejected")]
    report = match(_TRUTH, events)
    assert (report.found, report.false_alarms) == (0, ())


def test_a_wrong_class_is_found_but_not_correctly_classified() -> None:
    report = match(_TRUTH, [_event("0001", 7.2), _event("0002", 12.2)])
    assert (report.found, report.correctly_classified) == (2, 1)


def test_the_table_tells_found_missed_and_false() -> None:
    report = match(_TRUTH, [_event("0001", 7.2), _event("0002", 20.0, label="surprise")])
    out = StringIO()
    Console(file=out, width=120).print(report_table(report))
    lines = out.getvalue().splitlines()
    found = next(line for line in lines if "7.15" in line)
    assert all(word in found for word in ("positive", "2.5", "yes", "+50"))
    missed = next(line for line in lines if "12.20" in line)
    assert all(word in missed for word in ("negative", "2.1", "missed"))
    false = next(line for line in lines if "20.00" in line)
    assert all(word in false for word in ("none", "false alarm", "surprise", "1.9"))
    assert lines.index(missed) < lines.index(false)
    assert "1 of 2 detected" in out.getvalue()
    assert "1 false alarm" in out.getvalue()
