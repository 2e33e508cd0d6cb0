"""Leads a person through the guided minute, before the run: `fleeting live --guide`."""

from __future__ import annotations

import sys

import cv2
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from realtime.analysis import Analysis
from realtime.capture.held_frame import Frame
from realtime.capture.source import Source
from realtime.dashboard.advice import advice
from realtime.errors import NothingJudged, SettingsError
from realtime.face.assessability import Assessable
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.guide.guided_minute import SIZE_IOD, GuidedMinute, GuideStage, GuideView
from realtime.settings.source_arguments import Subject, open_subject
from realtime.settings.tree import Settings

_PATIENCE_S = 90.0  # of the source
_SETTLED = (Assessable.YES, Assessable.SETTLING)
_SAID = {
    GuideStage.FACE: "look at the screen",
    GuideStage.REST: "keep a neutral face, it is learned now",
    GuideStage.SELF_TEST: "keep still: movements are laid onto your picture now",
    GuideStage.DONE: "done",
}


def run(settings: Settings) -> None:
    """Watch the settings' source until the self-test is done, and print what was found.

    Raises:
        SettingsError: there is no camera, stream or file in the settings.
        SourceError: it cannot be opened.
        NothingJudged: the face could not be judged long enough.
    """
    wanted = settings.source
    if wanted.demo:
        raise SettingsError("--guide is for a person: give --camera, or --source; not --demo")
    cv2.setNumThreads(1)
    guided = GuidedMinute(
        Analysis(
            LandmarkTracker(face_model(settings.face.model)),
            assess_config=settings.assess,
            stabiliser=settings.stabiliser,
            spotter=settings.spotter,
        )
    )
    size = None if wanted.size is None else "{}x{}".format(*wanted.size)
    subject = Subject(wanted.camera, wanted.source, size, wanted.fps, wanted.fourcc)
    with open_subject(subject) as source:
        done = _watch(source, guided)
        live = source.info.live
    if done.stage is not GuideStage.DONE:
        raise NothingJudged(
            f"the self-test did not end within {_PATIENCE_S:.0f} s: "
            f"{advice(done.assessable, live=live)}"
        )
    Console(width=None if sys.stdout.isatty() else 100).print(*_report(guided, done), sep="\n")


def _watch(source: Source, guided: GuidedMinute) -> GuideView:
    """Until it is done, the source ends, or patience does; what was seen last."""
    console = Console(stderr=True)
    view = GuideView(GuideStage.FACE, Assessable.NO_FACE, 0.0)
    said, first_ns = "", None
    with Live(console=console, transient=True, auto_refresh=False) as shown:
        for seq, shot in enumerate(iter(source.read, None)):
            first_ns = shot.t_ns if first_ns is None else first_ns
            late = (shot.t_ns - first_ns) / 1e9 > _PATIENCE_S
            if late or view.stage is GuideStage.DONE:
                break
            view = guided.watch(Frame(seq, shot.t_ns, shot.image, bool(shot.restart)))
            line = _line(view, live=source.info.live)
            if console.is_terminal:
                left = f" {view.left_s:.0f} s" if view.assessable in _SETTLED else ""
                shown.update(Text(f"{line}{left}"), refresh=True)
            elif line != said:
                console.print(line, highlight=False)
                said = line
    return view


def _line(view: GuideView, *, live: bool) -> str:
    stages = list(GuideStage)
    step = f"{min(stages.index(view.stage) + 1, 3)} of 3, {view.stage.value}"
    if view.assessable in _SETTLED:
        return f"{step}: {_SAID[view.stage]}"
    return f"{step}: {advice(view.assessable, live=live)}"


def _report(guided: GuidedMinute, done: GuideView) -> tuple[Table, str]:
    results = guided.results()
    table = Table(
        title=f"Movements of {SIZE_IOD:.0%} IOD, laid onto this face", title_justify="left"
    )
    table.add_column("movement")
    table.add_column("found")
    for result in results:
        table.add_row(result.laid.words, "yes" if result.found else "no")
    found = sum(result.found for result in results)
    if found == len(results):
        text = "Movements of this size would have been seen."
    else:
        text = (
            f"{found} of {len(results)} would have been seen. More light from the front, a larger "
            "face, a calmer head or a higher --alarms-per-minute finds more."
        )
    sensitivity = done.sensitivity
    if sensitivity.is_known:
        text += (
            f" 8 of 10 would be found from {100 * sensitivity.upper_iod:.1f} % IOD in the upper "
            f"face, from {100 * sensitivity.lower_iod:.1f} % in the lower."
        )
    return table, text
