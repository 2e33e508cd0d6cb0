"""Traces and events of a stretch of a session, as a figure for a paper, by matplotlib.

183 mm wide, as journals print two columns; text stays text in SVG and PDF.  Colours can be told
apart by the colour-blind, and nothing is told by colour alone.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from realtime.atomic_file import write_whole
from realtime.errors import DataError, SettingsError
from realtime.event import UNCLASSIFIED
from realtime.export.spans import not_judged
from realtime.recording.frames_csv import read_columns
from realtime.recording.session import Session, open_session
from realtime.spotting.onset_config import OnsetConfig

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".svg", ".pdf", ".png")

_STREAMS = {  # columns of frames.csv, as the axis names them
    "brows": "brows",
    "lids": "lids",
    "eyes": "eyes",
    "nose_cheeks": "nose, cheeks",
    "mouth": "mouth",
}
_SIGNS = {"blink_left": "left lid", "blink_right": "right lid", "jaw_open": "jaw"}
_WIDTH_IN, _LANE_IN = 7.2, 0.55
_POINTS = 3000  # of a trace; the largest of what lies closer together is drawn
_BREAK_S = 0.25  # frames farther apart are not joined
_DPI = 300
_INK, _BLUE, _RED, _GREEN, _GREY = "#1a1a1a", "#0072b2", "#b04a00", "#007a5a", "#dcdcdc"
_STYLES = ("-", "--", ":")
_LOOK: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": 8,
    "axes.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "fleeting",  # the same session gives the same file
    "pdf.fonttype": 42,
}


def write_plot(
    folder: Path, out: Path, *, from_s: float | None, to_s: float | None, face: int | None
) -> None:
    """Draw a stretch and write it, whole or not at all.

    Args:
        from_s, to_s: on the session's time line; None: where the session begins or ends.
        face: its number; None: the one seen in most frames.

    Raises:
        SettingsError: a wrong suffix, stretch or face.
        DataError: it is no session, or has no table of frames.
        RecordingError: the figure cannot be written.
    """
    kind = out.suffix.lower()
    if kind not in SUFFIXES:
        raise SettingsError(f"--out {out}: the name of a figure ends in .svg, .pdf or .png")
    session = open_session(folder)
    names = ("timestamp", "face_id", *_STREAMS, *_SIGNS)
    table = dict(zip(names, read_columns(folder, names), strict=True))
    if not len(table["timestamp"]):
        raise DataError(f"{folder} has no table of frames, so there are no traces to draw")
    start_s = float(table["timestamp"][0]) if from_s is None else from_s
    end_s = float(table["timestamp"][-1]) if to_s is None else to_s
    inside = (table["timestamp"] >= start_s) & (table["timestamp"] <= end_s)
    if not inside.any():
        first, last = table["timestamp"][[0, -1]]
        raise SettingsError(
            f"no frame lies between {start_s:g} and {end_s:g} s: the session is from "
            f"{first:g} to {last:g} s"
        )
    rows = {name: column[inside] for name, column in table.items()}
    shown = _seen_most(rows) if face is None else face
    of_face = (rows["face_id"] == shown) & np.isfinite(rows["brows"])
    if not of_face.any():
        raise SettingsError(f"face {shown} was not measured between {start_s:g} and {end_s:g} s")
    rows = {name: column[of_face] for name, column in rows.items()}
    with matplotlib.rc_context(_LOOK):
        figure = _drawn(session, rows, shown, (start_s, end_s))
        data = io.BytesIO()
        undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[kind]
        figure.savefig(data, format=kind[1:], dpi=_DPI, metadata=undated)
    write_whole(out, data.getvalue())


def _drawn(
    session: Session,
    rows: dict[str, NDArray[np.float64]],
    face: int,
    stretch: tuple[float, float],
) -> Figure:
    lanes = len(_STREAMS) + 1
    figure = Figure(figsize=(_WIDTH_IN, 0.95 + _LANE_IN * lanes), layout="constrained")
    FigureCanvasAgg(figure)
    axes: Sequence[Axes] = figure.subplots(lanes, 1, sharex=True)
    enter_sigma = OnsetConfig().enter_sigma
    record = session.record
    if record is not None:
        onset = record.settings.get("spotter", {}).get("onset", {})
        enter_sigma = float(onset.get("enter_sigma", enter_sigma))
    top = max(2 * enter_sigma, *(float(np.nanmax(rows[name])) for name in _STREAMS))
    for axis, (name, shown) in zip(axes, _STREAMS.items(), strict=False):
        axis.plot(*_thinned(rows["timestamp"], rows[name]), color=_INK, linewidth=0.7)
        axis.axhline(enter_sigma, color=_INK, linewidth=0.5, linestyle=(0, (4, 3)))
        axis.set_ylim(0, 1.05 * top)
        axis.set_ylabel(shown, rotation=0, ha="right", va="center")
    for style, (name, shown) in zip(_STYLES, _SIGNS.items(), strict=True):
        values = _thinned(rows["timestamp"], rows[name])
        axes[-1].plot(*values, color=_INK, linewidth=0.7, linestyle=style, label=shown)
    axes[-1].set_ylim(0, 1.05)
    axes[-1].set_ylabel("lids, jaw", rotation=0, ha="right", va="center")
    axes[-1].legend(loc="upper right", ncols=len(_SIGNS), frameon=False, borderaxespad=0.1)
    axes[-1].set_xlabel("time, s")
    axes[-1].set_xlim(*stretch)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(width=0.6, length=2.5)
    figure.supylabel("motion, noise units (dashed: a candidate begins)", fontsize=8)
    _mark(axes, session, face, stretch)
    return figure


def _mark(axes: Sequence[Axes], session: Session, face: int, stretch: tuple[float, float]) -> None:
    """Events, markers and what was not judged, over all lanes."""
    start_s, end_s = stretch
    for span in not_judged(session.verdicts):
        if span.end_s > start_s and span.start_s < end_s:
            for axis in axes:
                axis.axvspan(
                    max(span.start_s, start_s), min(span.end_s, end_s), color=_GREY, linewidth=0
                )
    for event in session.events:
        if event.face != face or not start_s <= event.apex_s <= end_s:
            continue
        flagged = event.kind == "micro"
        colour = _RED if flagged else "#8a8a8a"
        if flagged:
            said = "flagged" if event.label == UNCLASSIFIED else event.label
            _write_above(axes[0], event.apex_s, f"{event.id}\n{said}", colour)
        for axis in axes:
            if flagged:
                axis.axvspan(event.onset_s, event.offset_s, color=colour, alpha=0.15, linewidth=0)
            axis.axvline(event.apex_s, color=colour, linewidth=0.9 if flagged else 0.4)
    for marker in session.markers:
        if start_s <= marker.t_s <= end_s:
            _write_above(axes[0], marker.t_s, marker.label or "marker", _GREEN)
            for axis in axes:
                axis.axvline(marker.t_s, color=_GREEN, linewidth=0.9, linestyle=(0, (1, 1.5)))


def _write_above(axis: Axes, t_s: float, text: str, colour: str) -> None:
    # as it is: a dollar of a label begins no formula
    axis.annotate(
        text,
        (t_s, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=7,
        color=colour,
        annotation_clip=False,
        parse_math=False,
    )


def _seen_most(rows: dict[str, NDArray[np.float64]]) -> int:
    faces, counts = np.unique(rows["face_id"], return_counts=True)
    return int(faces[np.argmax(counts)])


def _thinned(
    t_s: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fewer points with the same peaks, and a gap where frames are missing."""
    step = math.ceil(len(t_s) / _POINTS)
    if step > 1:
        starts = np.arange(0, len(t_s), step)
        t_s, values = t_s[starts], np.fmax.reduceat(values, starts)
    gaps = np.flatnonzero(np.diff(t_s) > max(_BREAK_S, 3 * step * float(np.median(np.diff(t_s)))))
    return np.insert(t_s, gaps + 1, t_s[gaps]), np.insert(values, gaps + 1, math.nan)
