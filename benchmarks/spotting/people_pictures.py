"""One picture of a film of a person: what could have been seen, what was there, what was flagged.

Called by `benchmarks.spotting.people --pictures`.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.spotting.people_films import TARGETS, Film

_SIZES = (0.3, 12.0)  # % IOD, the axis


def draw(film: Film, path: Path) -> None:
    """Sensitivity of both halves of the face; movements at their size, and what was flagged."""
    figure, axes = plt.subplots(figsize=(14, 4))
    times = [t for t, _ in film.sensitivity]
    for half, colour in (("upper", "C0"), ("lower", "C1")):
        sizes = [getattr(s, f"{half}_iod") if s.is_known else np.nan for _, s in film.sensitivity]
        axes.plot(times, 100 * np.array(sizes, float), color=colour, lw=1, label=f"{half} face")
    for movement in film.movements:
        found = next((t for t in TARGETS if movement.found[t]), None)
        colour = "0.5" if found is None else "C2"
        axes.axvspan(movement.onset_s, movement.offset_s, color=colour, alpha=0.2, zorder=-1)
        marker = "^" if movement.upper else "v"
        axes.plot(movement.apex_s, 100 * movement.peak_iod, marker, color=colour, ms=8)
        label = "missed" if found is None else f"at {found:g}"
        axes.annotate(label, (movement.apex_s, _SIZES[1] * 0.8), fontsize=7, ha="center")
    for turn in film.turns_s:
        axes.axvline(turn, color="0.6", lw=0.7, ls=":")
    for level, target in enumerate(TARGETS):
        for apex in film.flags[target]:
            axes.plot(apex, _SIZES[0] * 1.15 ** (1 + level), "|", color="C3", ms=7)
    axes.set_yscale("log")
    axes.set_ylim(*_SIZES)
    axes.set_xlabel("s")
    axes.set_ylabel("% IOD")
    axes.legend(loc="upper left", fontsize=8, title="8 of 10 would be found", title_fontsize=8)
    axes.set_title(
        f"{film.name}: movements green where found, grey where missed, ^ upper and v lower face; "
        "flags below, one row a target; dotted where the film turns",
        loc="left",
        fontsize=9,
    )
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
