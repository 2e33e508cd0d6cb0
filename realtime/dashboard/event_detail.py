"""The page of one event: verdict, times, action units, regions, stills."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.table import Table
from rich.text import Text

from realtime.dashboard import words
from realtime.dashboard.listed_events import CAVEAT
from realtime.dashboard.pictures import Look, PictureBlock
from realtime.event import Event
from realtime.face.geometry import cut_out, widened
from realtime.status import Status

# AU regions of the paper, 1 to 6.
AU_REGIONS = ("eyes", "brows", "cheeks", "nose", "mouth", "chin")
_BAR = 16
_TEXT = 62  # columns of the words; what is left of them shows the stills
_LEAST_STILLS = 24
_AROUND = 0.25  # of the face that is shown with it, share of its size
_SHOWN_STILLS = 2  # onset and apex


def detail(status: Status, event: Event, width: int, rows: int, look: Look) -> RenderableType:
    stills = _pictures(status.session, event) if width >= _TEXT + _LEAST_STILLS else ()
    facts = Group(_facts(event), Text(), *_regions(event), Text(), _files(event))
    if not stills:
        return facts
    page, right = Layout(), Layout()
    each = rows // len(stills)
    right.split_column(
        *(Layout(_still(name, image, look, each - 1), size=each) for name, image in stills)
    )
    page.split_row(Layout(facts, size=_TEXT), right)
    return page


def _facts(event: Event) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    verdict: str = "micro-expression" if event.kind == "micro" else event.kind
    if event.probability is not None:
        verdict += f", {words.percent(event.probability)} by the verifier"
    table.add_row("verdict", Text(verdict, "bold"))
    if event.reasons:
        table.add_row("reason", Text(words.reasons(event)))
    for name, at_s, frame in (
        ("onset", event.onset_s, event.onset_frame),
        ("apex", event.apex_s, event.apex_frame),
        ("offset", event.offset_s, event.offset_frame),
    ):
        table.add_row(name, f"{at_s:.3f} s, frame {frame}")
    table.add_row("duration", f"{words.duration(event)} ms")
    table.add_row("flagged", f"{event.flagged_s:.3f} s")
    table.add_row("face", str(event.face))
    table.add_row("patch", f"{words.motion(event)} % IOD, {event.peak_sigma:.1f} sigmas")
    if event.classification is not None:
        table.add_row("micro", f"{words.micro_probability(event)} by the network")
        table.add_row("class", f"{event.label} {words.probability(event)}")
        table.add_row("", Text(CAVEAT.removeprefix("† class: "), "yellow"))
    named = words.action_units(event).split("; ") if event.action_units else ["none named"]
    for k, unit in enumerate(named):
        table.add_row("" if k else "action units", Text(unit))
    return table


def _regions(event: Event) -> list[Text]:
    """Share of the motion in each AU region."""
    lines = []
    for name, share in zip(AU_REGIONS, event.regions, strict=True):
        filled = round(_BAR * min(max(share, 0.0), 1.0))
        line = Text(f"{name:<14}", "dim", no_wrap=True)
        line.append("█" * filled, "not dim cyan").append("░" * (_BAR - filled))
        lines.append(line.append(f" {100 * share:.0f} %", "not dim"))
    return lines


def _files(event: Event) -> Text:
    files = ", ".join(name for name in (event.clip, *event.stills) if name)
    return Text(words.printable(files or "nothing was recorded"), "dim", overflow="fold")


def _still(name: str, image: NDArray[np.uint8], look: Look, rows: int) -> RenderableType:
    return Group(Text(words.printable(name), "dim"), PictureBlock(image, look, rows))


def _pictures(session: str | None, event: Event) -> tuple[tuple[str, NDArray[np.uint8]], ...]:
    """Name and picture of the stills that are there already."""
    if session is None:
        return ()
    found: list[tuple[str, NDArray[np.uint8]]] = []
    for name in event.stills:
        image = _read(Path(session) / name)
        if image is not None and len(found) < _SHOWN_STILLS:
            found.append((name, _face_of(image, event)))
    return tuple(found)


def _face_of(image: NDArray[np.uint8], event: Event) -> NDArray[np.uint8]:
    """Of a whole frame the face of the event."""
    if event.face_box is None:
        return image
    face = cut_out(image, widened(event.face_box, _AROUND))
    return face if face.size else image


def _read(path: Path) -> NDArray[np.uint8] | None:
    try:
        return _decoded(path, path.stat().st_mtime_ns)
    except OSError:
        return None  # the recorder has not written it yet


@lru_cache(maxsize=8)
def _decoded(path: Path, mtime_ns: int) -> NDArray[np.uint8] | None:
    """As it was at this time; None: it is no picture."""
    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    return None if image is None else np.asarray(image, np.uint8)
