"""`fleeting doctor` and `face-model`: what this machine has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realtime.cli.command import command
from realtime.cli.options import option
from realtime.cli.setting_options import setting

PANEL = "This machine"
_SOURCE = "Source that is watched for five seconds"
_BUILT = "What is built with --build-engine"
_WATCHED_S = 5.0


@command("fleeting doctor --camera 0", "fleeting doctor --build-engine")
def doctor(
    engine: Annotated[
        Path | None, option("engine folder", default="that which came with the program")
    ] = None,
    output: Annotated[Path, option("folder you record to")] = Path("sessions"),
    build_engine: Annotated[
        bool,
        option(
            "first build what a run on this machine needs, so that none waits for it",
            "--build-engine",
        ),
    ] = False,
    backend: Annotated[str | None, setting("engine.backend", panel=_BUILT)] = None,
    camera: Annotated[int | None, setting("source.camera", panel=_SOURCE)] = None,
    source: Annotated[str | None, setting("source.source", "--source", panel=_SOURCE)] = None,
) -> None:
    """List what this machine has, what runs on it, and what is missing or makes it slower.

    Nothing is changed or fetched, but for --build-engine: it makes TensorRT's plan for the GPU, and
    compiles the kernels.  With a camera or another source its rate and the light on the
    face are measured for five seconds too.  The exit code is 1 if something that every run needs is
    missing.
    """
    from realtime.doctor.camera_advice import watch
    from realtime.doctor.checks import examine
    from realtime.doctor.report import camera_checks, print_checks
    from realtime.settings.source_arguments import Subject

    built = []
    if build_engine:
        from realtime.doctor.engine_build import build_engine as build

        def say(line: str) -> None:
            typer.echo(f"fleeting: {line}", err=True)

        built = [build(engine, backend or "auto", say)]
    checks = [*built, *examine(engine, output)]
    if camera is not None or source is not None:
        checks += camera_checks(watch(Subject(camera, source), _WATCHED_S))
    if not print_checks(checks):
        raise typer.Exit(1)


@command("fleeting face-model", "fleeting face-model && fleeting doctor")
def face_model() -> None:
    """Obtain the face landmark model (4 MB), and check the one that is here."""
    from realtime.face.weights import face_model as obtained

    typer.echo(f"face model: {obtained()}")
