"""Labels and studies as people and the program leave them, without running it."""

from __future__ import annotations

import json
from pathlib import Path

from realtime.recording.labels import CoderAnswer, Label, LabelFile
from tests.realtime.review.made_session import event, write_events, write_record


def label(item: str, word: str, **more: object) -> Label:
    """An answer in one word: a class, micro, none or unsure; its coder is whoever appends it."""
    classed = word in ("negative", "positive", "surprise")
    answer = CoderAnswer.MICRO if classed else CoderAnswer(word)
    given = {"stratum": "flagged", "emotion": word if classed else "", **more}
    return Label("", item, answer=answer, **given)


def write_labels(session: Path, coder: str, *labels: Label) -> None:
    LabelFile(session, coder).append(*labels)


def write_session(
    folder: Path,
    *events: dict[str, object],
    participant: str = "",
    condition: str = "",
    seen_s: float = 2.0,
) -> Path:
    """A session that ran to its end; without events given, with one flag at 2 s."""
    write_events(folder, list(events) or [event("0001", 2.0)])
    write_record(folder, source=f"{folder.name}.mp4", reason="the source ended")
    path = folder / "session.json"
    record = json.loads(path.read_text())
    record |= {"participant": participant, "condition": condition}
    record["counts"]["seconds"]["seen"] = seen_s
    path.write_text(json.dumps(record))
    return folder
