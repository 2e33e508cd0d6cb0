"""`fleeting live` and `fleeting demo`: options become settings, signals stop the run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from realtime.batch.parent import watch_parent
from realtime.cli.command import command
from realtime.cli.options import option
from realtime.cli.setting_options import setting
from realtime.cli.stop_signals import stop_on_signals
from realtime.export.safe_text import one_line
from realtime.face.choice import FaceChoice
from realtime.settings.load import load_settings
from realtime.settings.tree import Settings

PANEL = "Watch"

_SOURCE, _FACE, _SPOTTER = "Source", "Face", "Spotting"
_RECORDER, _ENGINE, _OUTPUT = "Recording", "Engine", "Output"

Pace = Annotated[Literal["realtime", "fast"] | None, setting("source.pace", panel=_SOURCE)]
Seconds = Annotated[float | None, setting("source.seconds", panel=_SOURCE)]
Folder = Annotated[Path | None, setting("recorder.output", panel=_RECORDER)]
NoRecord = Annotated[
    bool, option("keep nothing: write no session folder", "--no-record", panel=_RECORDER)
]
Consent = Annotated[
    Path | None, setting("consent.file", "--consent", panel=_RECORDER, metavar="FILE|ask")
]
Purpose = Annotated[str | None, setting("consent.purpose", panel=_RECORDER)]
Engine = Annotated[Path | None, setting("engine.folder", panel=_ENGINE)]
Backend = Annotated[str | None, setting("engine.backend", panel=_ENGINE)]
Dashboard = Annotated[
    Literal["auto", "live", "plain", "none"] | None, setting("dashboard.kind", panel=_OUTPUT)
]


@command(
    "fleeting live --camera 0 --consent ask",
    "fleeting live --source interview.mp4 --pace fast --dashboard plain",
    "fleeting live --source http://192.168.1.20:8080/video",
    "fleeting live --config mine.toml --demo",
)
def live(
    camera: Annotated[int | None, setting("source.camera", panel=_SOURCE)] = None,
    source: Annotated[str | None, setting("source.source", panel=_SOURCE)] = None,
    demo: Annotated[bool, setting("source.demo", "--demo", panel=_SOURCE)] = False,
    list_cameras: Annotated[
        bool, option("print the cameras found and stop", "--list-cameras", panel=_SOURCE)
    ] = False,
    guide: Annotated[
        bool,
        option(
            "first check the face and the light, and lay three movements onto the picture to see "
            "whether they are found; about half a minute",
            "--guide",
            panel=_SOURCE,
        ),
    ] = False,
    size: Annotated[
        str | None, setting("source.size", panel=_SOURCE, metavar="WIDTHxHEIGHT")
    ] = None,
    fps: Annotated[float | None, setting("source.fps", panel=_SOURCE)] = None,
    fourcc: Annotated[str | None, setting("source.fourcc", panel=_SOURCE)] = None,
    pace: Pace = None,
    open_timeout: Annotated[
        float | None, setting("source.open_timeout_s", "--open-timeout", panel=_SOURCE)
    ] = None,
    wait: Annotated[float | None, setting("source.wait_s", "--wait", panel=_SOURCE)] = None,
    seconds: Seconds = None,
    analyse_every: Annotated[int | None, setting("source.analyse_every", panel=_SOURCE)] = None,
    faces: Annotated[int | None, setting("face.faces", panel=_FACE)] = None,
    face: Annotated[FaceChoice | None, setting("face.face", panel=_FACE)] = None,
    face_model: Annotated[Path | None, setting("face.model", panel=_FACE)] = None,
    tracker: Annotated[
        Literal["litert", "insightface"] | None, setting("face.tracker", panel=_FACE)
    ] = None,
    pack: Annotated[Path | None, setting("face.pack", panel=_FACE)] = None,
    alarms_per_minute: Annotated[
        float | None, setting("spotter.alarms_per_minute", panel=_SPOTTER)
    ] = None,
    profile: Annotated[Path | None, setting("person.profile", panel=_SPOTTER)] = None,
    participant: Annotated[str | None, setting("study.participant", panel=_RECORDER)] = None,
    condition: Annotated[str | None, setting("study.condition", panel=_RECORDER)] = None,
    output: Folder = None,
    no_record: NoRecord = False,
    consent: Consent = None,
    purpose: Purpose = None,
    key: Annotated[
        Path | None, setting("recorder.key", panel=_RECORDER, metavar="FILE|keyring")
    ] = None,
    pictures: Annotated[
        Literal["none", "stills", "clips", "video"] | None,
        setting("recorder.pictures", panel=_RECORDER),
    ] = None,
    pre: Annotated[float | None, setting("recorder.pre_s", "--pre", panel=_RECORDER)] = None,
    post: Annotated[float | None, setting("recorder.post_s", "--post", panel=_RECORDER)] = None,
    clips: Annotated[
        Literal["flagged", "all"] | None, setting("recorder.clips", panel=_RECORDER)
    ] = None,
    engine: Engine = None,
    backend: Backend = None,
    engine_threads: Annotated[int | None, setting("engine.threads", panel=_ENGINE)] = None,
    lsl: Annotated[bool, setting("lab.lsl", "--lsl", panel=_OUTPUT)] = False,
    only: Annotated[
        Literal["flagged", "rejected", "all"] | None, setting("lab.only", panel=_OUTPUT)
    ] = None,
    markers_from: Annotated[
        str | None, setting("lab.markers_from", panel=_RECORDER, metavar="STREAM")
    ] = None,
    markers_port: Annotated[
        int | None, setting("lab.markers_port", panel=_RECORDER, metavar="PORT")
    ] = None,
    dashboard: Dashboard = None,
    config: Annotated[
        Path | None,
        option("TOML file of settings, or the session.json of a session", panel="Settings"),
    ] = None,
    write_config: Annotated[
        Path | None,
        option(
            "write all settings, each with a comment, to a TOML file and stop", panel="Settings"
        ),
    ] = None,
) -> None:
    """Watch a camera, video or stream for micro-expressions: movements of 1/25 to 1/2 second.

    Every event is recorded for a person to check.  Not a lie detector.  Of a camera or stream
    nothing is kept without a consent entry (--consent).  Keys while it runs: ? help, q quit,
    p pause, 1 to 9 set a marker, m set one with a text, + and - change the target false-alarm
    rate, w withdraw consent: nothing more is kept.
    """
    if list_cameras:
        _print_cameras()
        return
    flags = {
        "source.camera": camera,
        "source.source": source,
        "source.demo": demo or None,
        "source.size": size,
        "source.fps": fps,
        "source.fourcc": fourcc,
        "source.pace": pace,
        "source.open_timeout_s": open_timeout,
        "source.wait_s": wait,
        "source.seconds": seconds,
        "source.analyse_every": analyse_every,
        "face.tracker": tracker,
        "face.model": face_model,
        "face.pack": pack,
        "face.faces": faces,
        "face.face": face,
        "spotter.alarms_per_minute": alarms_per_minute,
        "person.profile": profile,
        "study.participant": participant,
        "study.condition": condition,
        "recorder.record": False if no_record else None,
        "recorder.output": output,
        "consent.file": consent,
        "consent.purpose": purpose,
        "recorder.key": key,
        "recorder.pictures": pictures,
        "recorder.pre_s": pre,
        "recorder.post_s": post,
        "recorder.clips": clips,
        "engine.folder": engine,
        "engine.backend": backend,
        "engine.threads": engine_threads,
        "lab.lsl": lsl or None,
        "lab.only": only,
        "lab.markers_from": markers_from,
        "lab.markers_port": markers_port,
        "dashboard.kind": dashboard,
    }
    if write_config is None:
        _run(config, flags, guide=guide)
    else:
        _write(write_config, config, flags)


@command("fleeting demo", "fleeting demo --pace fast --no-record --dashboard plain")
def demo(
    pace: Pace = None,
    seconds: Seconds = None,
    output: Folder = None,
    no_record: NoRecord = False,
    engine: Engine = None,
    backend: Backend = None,
    dashboard: Dashboard = None,
) -> None:
    """Watch the built-in subject, whose movements are known: shows the program without a camera."""
    flags = {
        "source.demo": True,
        "source.pace": pace,
        "source.seconds": seconds,
        "recorder.output": output,
        "recorder.record": False if no_record else None,
        "engine.folder": engine,
        "engine.backend": backend,
        "dashboard.kind": dashboard,
    }
    _run(None, flags)


def _run(config: Path | None, flags: Mapping[str, object], *, guide: bool = False) -> None:
    settings = load_settings(config, flags)
    from realtime.app import run  # after the flags are known to be right: it loads everything

    with stop_on_signals() as stop:
        watch_parent(stop.set)
        if guide:
            _guide(settings)
        run(settings, stop, stop.begun)


def _guide(settings: Settings) -> None:
    from realtime.guide.program import run

    run(settings)


def _write(target: Path, config: Path | None, flags: Mapping[str, object]) -> None:
    from realtime.settings.write import write_config

    chosen = any(flags[f"source.{name}"] is not None for name in ("camera", "source", "demo"))
    first = {} if chosen or config is not None else {"source.camera": 0}
    write_config(target, load_settings(config, {**flags, **first}))
    typer.echo(f"{target}: use it with fleeting live --config {target}")


def _print_cameras() -> None:
    from realtime.capture.camera import list_cameras

    found = list_cameras()
    for listing in found:
        sys.stdout.write(f"{one_line(str(listing))}\n")
    if not found:
        sys.stdout.write("no camera found; try fleeting demo, or --source with a file or stream\n")
