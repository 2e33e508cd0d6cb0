"""One picture of a clip: what each part of the face did, what was there, and what was said."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.spotting.score import ScoredClip
from realtime.motion.regions import Stream

_FULL_SIGMA = 12.0


def draw(clip: ScoredClip, path: Path) -> None:
    """Traces of the five streams in sigmas; truth green, alarms red, taken-back flags grey."""
    figure, axes = plt.subplots(figsize=(16, 5))
    times = np.array(clip.watched.times_s)
    for row, stream in enumerate(reversed(Stream)):
        column = list(Stream).index(stream)
        values = np.array([s[column] for s in clip.watched.strengths])
        height = np.minimum(values, _FULL_SIGMA) / _FULL_SIGMA
        axes.plot(times, row + 0.9 * height if len(values) else [], lw=0.8, color="C0")
        axes.axhline(row, lw=0.3, color="0.7")
    for first, last in clip.macros:
        axes.axvspan(first, last, color="0.9", zorder=-2)
    for event in clip.truth:
        axes.axvspan(event["onset_s"], event["offset_s"], color="C2", alpha=0.35, zorder=-1)
        size = f"{100 * event['amp_iod']:.1f} %" if "amp_iod" in event else ""
        axes.text(
            event["apex_s"], len(Stream) + 0.02, f"{event.get('label', '')}\n{size}", fontsize=7
        )
    for alarm in clip.watched.alarms:
        colour = "C3" if alarm.stands else "0.5"
        axes.hlines(-0.3, alarm.onset_s, alarm.offset_s, color=colour, lw=5)
        axes.vlines(alarm.apex_s, -0.45, len(Stream), color=colour, lw=0.7, ls=":")
    for finding in clip.watched.rejected:
        axes.plot(finding.apex_ns / 1e9, -0.6, "x", color="0.6", ms=4)
    axes.set_yticks(np.arange(len(Stream)) + 0.3, [s.value for s in reversed(Stream)])
    axes.set_ylim(-0.8, len(Stream) + 0.7)
    axes.set_xlim(0, clip.length_s)
    axes.set_xlabel("s")
    axes.set_title(
        f"{clip.name}: truth green, ordinary expressions light grey, alarms red, "
        "retracted dark grey, rejected ×",
        loc="left",
        fontsize=9,
    )
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
