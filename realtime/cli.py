"""The command line of `run_live.py`: flags, help, signals, exit codes."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

import typer
from rich.console import Console
from typer.exceptions import TyperException

from realtime.errors import FleetingError
from realtime.settings import Settings

_EPILOG = """
Exit codes: 0 normal end (source ended, --seconds passed, q, one Ctrl-C); 1 unforeseen fault;
2 a flag or address that makes no sense; 3 camera, file or stream cannot be opened;
4 face model; 5 engine; 6 session folder cannot be written; 130 a second Ctrl-C.

\b
Examples:
  run_live.py --camera 0
  run_live.py --source interview.mp4 --pace fast --dashboard plain
  run_live.py --source http://192.168.1.20:8080/video
  run_live.py --demo
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(epilog=_EPILOG)
def live(
    camera: Annotated[int | None, typer.Option(help="camera number; see --list-cameras")] = None,
    source: Annotated[
        str | None,
        typer.Option(help="video file, folder of numbered images, http(s):// or rtsp(s):// stream"),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="the built-in subject, whose movements are known")
    ] = False,
    list_cameras: Annotated[
        bool, typer.Option("--list-cameras", help="print the cameras found and stop")
    ] = False,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT asked of a camera")] = None,
    fps: Annotated[
        float | None,
        typer.Option(help="rate asked of a camera; rate a folder or high-speed film was taken at"),
    ] = None,
    fourcc: Annotated[str | None, typer.Option(help="pixel format asked of a camera")] = None,
    pace: Annotated[
        Literal["realtime", "fast"] | None,
        typer.Option(help="play a file by its time stamps, or as fast as the machine allows"),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="stop after this much of the source")
    ] = None,
    faces: Annotated[int | None, typer.Option(help="faces to watch, the largest first")] = None,
    face_model: Annotated[
        Path | None, typer.Option(help="face_landmarker.task, for machines without a network")
    ] = None,
    tracker: Annotated[
        Literal["litert", "insightface"] | None, typer.Option(help="what finds the face")
    ] = None,
    pack: Annotated[Path | None, typer.Option(help="insightface model pack, a folder")] = None,
    alarms_per_minute: Annotated[
        float | None,
        typer.Option(min=0.05, max=10, help="false alarms put up with: fewer, and more is missed"),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="what calibration.person learned of this person and camera")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="where session folders are made")] = None,
    no_record: Annotated[
        bool, typer.Option("--no-record", help="keep nothing: no session folder at all")
    ] = False,
    pre: Annotated[float | None, typer.Option(help="seconds of clip before the onset")] = None,
    post: Annotated[float | None, typer.Option(help="seconds of clip after the offset")] = None,
    engine: Annotated[Path | None, typer.Option(help="engine folder")] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            help="what runs the engine: auto, tensorrt, onnxruntime, openvino, torch; "
            "with a precision, openvino-int8"
        ),
    ] = None,
    engine_threads: Annotated[int | None, typer.Option(help="threads of the engine")] = None,
    lsl: Annotated[
        bool, typer.Option("--lsl", help="send events as LSL markers to the local network")
    ] = False,
    dashboard: Annotated[
        Literal["auto", "live", "plain", "none"] | None, typer.Option(help="what is shown")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with the same settings")] = None,
) -> None:
    """Watch a face and catch micro-expressions: movements of 1/25 to 1/2 second.

    Every event is recorded for a person to check.  Not a lie detector.  Keys while it runs:
    q quit, r learn rest again, m set a marker, p pause.
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
        "source.seconds": seconds,
        "face.tracker": tracker,
        "face.model": face_model,
        "face.pack": pack,
        "face.faces": faces,
        "spotter.alarms_per_minute": alarms_per_minute,
        "person.profile": profile,
        "recorder.record": False if no_record else None,
        "recorder.output": output,
        "recorder.pre_s": pre,
        "recorder.post_s": post,
        "engine.folder": engine,
        "engine.backend": backend,
        "engine.threads": engine_threads,
        "lab.lsl": lsl or None,
        "dashboard.kind": dashboard,
    }
    settings = Settings.load(config, flags)
    from realtime.app import run  # after the flags are known to be right: it loads everything

    with _stop_on_signals() as stop:
        run(settings, stop)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        app(list(arguments) if arguments is not None else None, standalone_mode=False)
    except FleetingError as error:
        _complain(str(error))
        return error.exit_code
    except TyperException as error:
        known = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        _complain(f"{known.rstrip('.')}; --help lists the flags")
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return 0


def _complain(message: str) -> None:
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"fleeting: {message}", style="red", markup=False, highlight=False)


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C, TERM or HUP sets; the second interrupts at once."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {n: signal.signal(getattr(signal, n), ask) for n in names}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _print_cameras() -> None:
    from realtime.capture.camera import list_cameras

    found = list_cameras()
    for listing in found:
        sys.stdout.write(f"{listing}\n")
    if not found:
        sys.stdout.write("no camera found; try --demo, or --source with a file or stream\n")
