"""`fleeting doctor` and `face-model`: what this machine has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realtime.cli.command import command
from realtime.cli.options import option

PANEL = "This machine"


@command("fleeting doctor", "fleeting doctor --engine runs/mine/engine --output /data/sessions")
def doctor(
    engine: Annotated[
        Path | None, option("engine folder", default="that which came with the program")
    ] = None,
    output: Annotated[Path, option("folder you record to")] = Path("sessions"),
) -> None:
    """List what this machine has, what runs on it and what would make it faster.

    Nothing is changed or fetched.  The exit code is 1 if something must be mended.
    """
    from realtime.doctor import print_findings

    if not print_findings(engine, output):
        raise typer.Exit(1)


@command("fleeting face-model", "fleeting face-model && fleeting doctor")
def face_model() -> None:
    """Obtain the face landmark model (4 MB), and check the one that is here."""
    from realtime.face.weights import face_model as obtained

    typer.echo(f"face model: {obtained()}")
