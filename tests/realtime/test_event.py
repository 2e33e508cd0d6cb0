"""Lines of events.jsonl: what is written is what is read, to the byte."""

import json

import numpy as np
import pytest

from realtime.errors import DataError
from realtime.event import ACTION_UNITS, CLASSES, ActionUnit, Classification, Event

WORDS = ("blink", "speaking", "no return", "head motion", "ä, ö; \u2028", 'quoted \\"')


def made(seed):
    """An event of random content; half of them classified, revised or without a face box."""
    random = np.random.default_rng(seed)

    def number(scale=1.0):
        return float(random.normal(0, scale))

    def chance():
        return bool(random.random() < 0.5)

    verdict = None
    if chance():
        shares = random.dirichlet((0.3, 0.3, 0.3))
        verdict = Classification(
            CLASSES[int(shares.argmax())],
            tuple(float(share) for share in shares),
            float(random.random()),
            "onnxruntime-f32 3f9c12ab",
            doubted=chance(),
        )
    units = tuple(
        ActionUnit(unit, side, float(random.random() * 0.06), float(random.random()))
        for unit, side in zip(ACTION_UNITS, ("both", "right", "left"), strict=False)
    )
    left, top = random.uniform(-50, 2000, 2)
    wide, high = random.uniform(1, 900, 2)
    onset, apex, offset = (int(frame) for frame in np.sort(random.integers(0, 10**6, 3)))
    return Event(
        id=f"{random.integers(1, 10**6):04d}",
        face=int(random.integers(0, 8)),
        face_box=(left, top, left + wide + 1, top + high + 1) if chance() else None,
        kind=str(random.choice(["micro", "macro", "rejected"])),
        onset_s=number(1e3),
        apex_s=abs(number(1e5)),
        offset_s=number(1e-3),
        flagged_s=number(),
        onset_frame=onset,
        apex_frame=apex,
        offset_frame=offset,
        peak_motion_iod=number(0.01),
        peak_sigma=number(10),
        regions=tuple(float(share) for share in random.dirichlet(np.ones(6))),
        probability=float(random.random()) if chance() else None,
        confounders=tuple(random.choice(WORDS, random.integers(0, 3)).tolist()),
        classification=verdict,
        action_units=units if chance() else None,
        clip="clips/0001.mp4" if chance() else None,
        stills=("stills/0001_onset.png",) if chance() else (),
        revises=chance(),
    )


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_reading_and_writing_again_gives_equal_bytes(first):
    for seed in range(first, first + 100):
        line = made(seed).to_json()
        again = Event.from_json(line)
        assert again.to_json().encode() == line.encode()
        assert Event.from_json(again.to_json()) == again


def test_the_network_s_doubt_is_the_network_s_and_no_rule_s():
    event = Event.from_json(made(0).to_json())
    doubted = Classification("surprise", (0.1, 0.1, 0.8), 0.2, "engine", doubted=True)
    fields = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    again = Event.from_json(
        Event(**fields | {"kind": "micro", "classification": doubted}).to_json()
    )
    assert again.classification == doubted
    assert again.confounders == event.confounders
    assert again.reasons[-1] == "network doubts"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"apex_s": None}, "apex_s"),
        ({"apex_s": "2.0"}, "apex_s"),
        ({"kind": "tiny"}, "kind"),
        ({"id": "../../x"}, "id"),
        ({"face_box": [1, 2, 3]}, "face_box"),
        ({"face_box": [5, 2, 3, 4]}, "face_box"),
        ({"label": "anger"}, "label"),
        ({"schema": 2}, "schema"),
        ({"probability": 1.5}, "probability"),
    ],
)
def test_what_is_no_event_is_refused_by_its_field(change, names):
    record = json.loads(made(1).to_json()) | change
    with pytest.raises(DataError, match=names):
        Event.from_json(json.dumps(record))


@pytest.mark.parametrize("line", ["", "[]", "null", '{"id": "0001"', '{"id": "0001"}', b"\xff\xfe"])
def test_what_is_no_line_of_events_is_refused(line):
    with pytest.raises(DataError, match="not an event"):
        Event.from_json(line)
