"""Figures of a spotter over clips with known events.  Called by the spotting benchmarks.

One to one by interval IoU, as the challenges score; hits by the apex; the recall by chance of the
same alarms, shifted at random; false alarms a minute, and what they stood beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.spotting.spotters import Alarm, SpotterOutcome
from model.spotting.face_footage import FaceRecording
from realtime.statistics import rate_interval

SLACK_S = 0.1
SHIFTS = 200
OURS = "Fleeting"
BANDS = ((0.0, 0.0125), (0.0125, 0.0225), (0.0225, 1.0))

Truth = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ScoredClip:
    name: str
    kind: str
    seconds: float  # assessable
    length_s: float
    truth: list[Truth]
    macros: list[tuple[float, float]]
    recording: FaceRecording | None
    watched: SpotterOutcome
    alarms: dict[str, list[Alarm]]  # by spotter, those that stand


def overlap(a: Alarm, t: Truth) -> float:
    inside = min(a.offset_s, t["offset_s"]) - max(a.onset_s, t["onset_s"])
    union = max(a.offset_s, t["offset_s"]) - min(a.onset_s, t["onset_s"])
    return max(0.0, inside) / union


def matched(pairs: list[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """One to one, the best first."""
    used_a: set[int] = set()
    used_t: set[int] = set()
    chosen = []
    for _, a, t in sorted(pairs, reverse=True):
        if a not in used_a and t not in used_t:
            used_a.add(a)
            used_t.add(t)
            chosen.append((a, t))
    return chosen


def hits(apexes: Sequence[float], truth: Sequence[Truth]) -> list[tuple[int, int]]:
    return matched(
        [
            (-abs(apex - t["apex_s"]), a, k)
            for a, apex in enumerate(apexes)
            for k, t in enumerate(truth)
            if t["onset_s"] - SLACK_S <= apex <= t["offset_s"] + SLACK_S
        ]
    )


def score(clips: Sequence[ScoredClip], spotter: str, random: np.random.Generator) -> dict[str, Any]:
    """Every figure of one spotter over some clips; None where there is nothing to divide by."""
    n_truth = sum(len(c.truth) for c in clips)
    minutes = sum(c.seconds for c in clips) / 60
    true = found = n_alarms = 0
    onset, apex, delay, revision, by_chance = [], [], [], [], []
    sizes: list[tuple[float, bool]] = []
    for c in clips:
        alarms = c.alarms[spotter]
        n_alarms += len(alarms)
        ious = [(overlap(a, t), i, k) for i, a in enumerate(alarms) for k, t in enumerate(c.truth)]
        true += len(matched([p for p in ious if p[0] >= 0.5]))
        got = hits([a.apex_s for a in alarms], c.truth)
        found += len(got)
        for i, k in got:
            alarm, t = alarms[i], c.truth[k]
            onset.append(1e3 * abs(alarm.onset_s - t["onset_s"]))
            apex.append(1e3 * abs(alarm.apex_s - t["apex_s"]))
            delay.append(1e3 * (alarm.flagged_s - t["apex_s"]))
            if alarm.revised_s is not None:
                revision.append(1e3 * (alarm.revised_s - t["apex_s"]))
        reached = {k for _, k in got}
        sizes += [(t["amp_iod"], k in reached) for k, t in enumerate(c.truth) if "amp_iod" in t]
        for shift in random.uniform(0, c.length_s, SHIFTS):
            moved = [(a.apex_s + shift) % c.length_s for a in alarms]
            by_chance.append(len(hits(moved, c.truth)))
    false = n_alarms - found
    low, high = rate_interval(false, minutes) if minutes else (0.0, 0.0)
    bands: dict[str, str | None] = {}
    for first, last in BANDS:
        inside = [ok for size, ok in sizes if first <= size < last]
        size = f"{100 * first:g}_to_{100 * last:g}" if last < 1 else f"over_{100 * first:g}"
        bands[f"recall_{size}_percent"] = (
            f"{np.mean(inside):.2f} ({len(inside)})" if inside else None
        )
    raised = sum(len(c.watched.alarms) for c in clips) if spotter == OURS else n_alarms

    def median(values: list[float]) -> float | None:
        return round(float(np.median(values))) if values else None

    def late(values: list[float]) -> float | None:
        return round(float(np.percentile(values, 95))) if values else None

    return {
        "clips": len(clips),
        "minutes_judged": round(minutes, 2),
        "events": n_truth,
        "alarms": n_alarms,
        "f1_iou50": round(2 * true / (n_truth + n_alarms), 3) if n_truth else None,
        "recall": round(found / n_truth, 3) if n_truth else None,
        "recall_by_chance": round(np.sum(by_chance) / SHIFTS / n_truth, 3) if n_truth else None,
        **bands,
        "false_alarms_per_min": round(false / minutes, 2) if minutes else None,
        "false_alarms_95": f"{low:.2f}–{high:.2f}" if minutes else None,
        "raised_per_min": round(raised / minutes, 2) if minutes else None,
        "onset_median_ms": median(onset),
        "apex_median_ms": median(apex),
        "flag_after_apex_p95_ms": late(delay),
        "revision_after_apex_p95_ms": late(revision),
    }


def removals(clips: Sequence[ScoredClip]) -> list[tuple[str, Alarm, int]]:
    """Our false alarms, the least probable first, each with its clip and the cost of its removal.

    The cost is the number of hits with no higher probability: a higher threshold loses them too.
    """
    true: list[float] = []
    false: list[tuple[str, Alarm]] = []
    for clip in clips:
        alarms = clip.alarms[OURS]
        right = {i for i, _ in hits([a.apex_s for a in alarms], clip.truth)}
        true += [alarms[i].probability for i in right]
        false += [(clip.name, a) for i, a in enumerate(alarms) if i not in right]
    false.sort(key=lambda named: named[1].probability)
    return [(name, a, sum(p <= a.probability for p in true)) for name, a in false]


def causes(clip: ScoredClip) -> Counter[str]:
    """What our false alarms stood beside, the first that fits."""
    right = {i for i, _ in hits([a.apex_s for a in clip.alarms[OURS]], clip.truth)}
    counts: Counter[str] = Counter()
    faces = (
        [(m.t_ns / 1e9, m.face) for m in clip.recording.frames if m.face] if clip.recording else []
    )
    for i, alarm in enumerate(clip.alarms[OURS]):
        if i in right:
            continue
        near = [f for t, f in faces if abs(t - alarm.apex_s) < 0.25]
        around = [f for t, f in faces if abs(t - alarm.apex_s) < 1.0]
        blink = [max(f.signs.blink_left, f.signs.blink_right) for f in near]
        gaze = [(f.signs.gaze_x, f.signs.gaze_y) for f in near]
        jaw = [f.signs.jaw_open for f in around]
        if any(a - 0.3 <= alarm.apex_s <= b + 0.3 for a, b in clip.macros):
            counts["macro-expression"] += 1
        elif near and np.ptp(blink) > 0.25:
            counts["blink"] += 1
        elif around and np.std(jaw) > 0.03:
            counts["speech"] += 1
        elif near and np.ptp(gaze, axis=0).max() > 0.3:
            counts["gaze"] += 1
        else:
            counts[f"none of these, {alarm.stream}"] += 1
    return counts
