"""A session folder with three flags, as the program leaves it; its pictures are a portrait's."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.recording.clip_writer import ClipWriter

START_NS = 7_000_000_000  # of the source, on the camera's clock
FPS = 30
ROWS = 301  # of frames.csv: ten seconds


def event(identity: str, apex_s: float, **more: object) -> dict[str, object]:
    return {
        "schema": 1,
        "id": identity,
        "face": 0,
        "kind": "micro",
        "onset_s": apex_s - 0.2,
        "apex_s": apex_s,
        "offset_s": apex_s + 0.2,
        "flagged_s": apex_s + 0.15,
        "onset_frame": round(FPS * apex_s) - 6,
        "apex_frame": round(FPS * apex_s),
        "offset_frame": round(FPS * apex_s) + 6,
        "label": "surprise",
        "probabilities": {"negative": 0.1, "positive": 0.1, "surprise": 0.8},
        "micro_probability": 0.9,
        "peak_motion_iod": 0.012,
        "peak_sigma": 9.0,
        "probability": 0.9,
        "regions": {str(region): 1 / 6 for region in range(1, 7)},
        "confounders": [],
        "engine": "onnxruntime-f32 3f9c12ab",
        "stills": [],
        "clip": f"clips/{identity}.mp4",
        **more,
    }


def write_events(folder: Path, events: list[dict[str, object]]) -> None:
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(each) + "\n" for each in events)
    (folder / "events.jsonl").write_text(lines + '{"id": "torn')
    rows = [f"{k},0,{k / FPS:.6f},{'no_face' if k < 31 else 'yes'}\n" for k in range(ROWS)]
    (folder / "frames.csv").write_text("frame,face_id,timestamp,assessable\n" + "".join(rows))


def write_record(
    folder: Path, *, source: str = "camera 0", reason: str | None = None, judged_s: float = 1.0
) -> None:
    """session.json; `reason` of its end, if it has ended."""
    record: dict[str, object] = {
        "schema": 2,
        "program": "fleeting",
        "source": source,
        "engine": "motion only",
        "start_time": 0.0,
        "clock": {"wall_s": 1.0, "monotonic_ns": 1},
        "settings": {},
        "packages": {},
        "python": "3",
        "platform": "any",
    }
    if reason is not None:
        record["ended"] = {"wall_s": 2.0, "monotonic_ns": 2, "reason": reason}
        record["counts"] = {"seconds": {"seen": 2.0, "judged": judged_s, "not_judged": {}}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "session.json").write_text(json.dumps(record))


def write_clip(
    folder: Path, identity: str, apex_s: float, picture: NDArray[np.uint8], frames: int = 36
) -> list[tuple[float, float]]:
    """A head that wanders; returns how far it has gone in each frame, pixels."""
    path = [(0.6 * k, 4 * np.sin(k / 5)) for k in range(frames)]
    times = [START_NS + round(1e9 * (apex_s - 0.6 + k / FPS)) for k in range(frames)]
    height, width = picture.shape[:2]
    with ClipWriter(folder / f"clips/{identity}.mp4", width, height) as writer:
        for t_ns, (x, y) in zip(times, path, strict=True):
            shift = np.array([[1, 0, x], [0, 1, y]])
            moved = cv2.warpAffine(picture, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
            writer.write(np.asarray(moved, np.uint8), t_ns)
    notes = {"onset_ns": START_NS + round(1e9 * (apex_s - 0.2)), "t_ns": times}
    (folder / f"clips/{identity}.json").write_text(json.dumps(notes))
    return path
