"""The console script `fleeting`: the commands that installed packages register, under one name.

A command is an entry point of the group `fleeting.commands`: its name is what a user types
("calibrate camera" is the command camera of the group calibrate), its value names a `Command`.
Only the module of the command that runs is imported; the help of the others is read from their
source.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from realtime.cli.command import EXIT_CODES, Command, complain, new_app, run_app
from realtime.errors import SettingsError

_GROUP = "fleeting.commands"
_PROGRAM = "fleeting"
# Headings of the help, in this order; those of other packages follow.
_PANELS = ("Watch", "Sessions", "Studies", "What is kept", "This machine")
_MEND = (
    "install it again: pip install --no-deps --editable . in its folder, "
    "or pip install --force-reinstall --no-deps fleeting; for libGL.so.1 install libgl1"
)
_ABOUT = "Find micro-expressions in the video of a face, live or from a file."
_GROUP_HELP = {"calibrate": "Measure a camera, a person or an engine, and adapt to it."}


@dataclass(frozen=True, slots=True)
class ListedCommand:
    """What `fleeting --help` says of a command, read without importing it."""

    name: str  # as it is typed
    text: str  # first paragraph of its docstring
    panel: str  # `PANEL` of its module
    order: tuple[int, str, int]  # by panel, then by module, then as they are written


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    points = {point.name: point for point in entry_points(group=_GROUP)}
    if not points:
        return complain(f"this installation of {_PROGRAM} registers no commands; {_MEND}", 1)
    named = next((n for n in points if given[: len(n.split())] == n.split()), None)
    chosen: Command | None = None
    try:
        listed = sorted(map(_listed, points.values()), key=lambda command: command.order)
        if named is not None:
            chosen = points[named].load()
    except (ImportError, AttributeError, OSError) as error:
        return complain(f"this installation of {_PROGRAM} is incomplete ({error}); {_MEND}", 1)
    group = given[0] if any(name.startswith(f"{given[0]} ") for name in points) else ""
    path = f"{_PROGRAM} {named or group}".strip()
    return run_app(_assembled(listed, named, chosen), given, _PROGRAM, path, chosen)


def _assembled(
    listed: Iterable[ListedCommand], named: str | None, chosen: Command | None
) -> typer.Typer:
    """The program with the chosen command in full, and of the others what help says of them."""
    app = new_app()
    app.callback(help=_ABOUT, epilog=_epilog(), no_args_is_help=False)(_program)
    groups: dict[str, typer.Typer] = {}
    for command in listed:
        *above, name = command.name.split()
        place, panel = app, command.panel
        for group in above:
            if group not in groups:
                groups[group] = new_app(_GROUP_HELP.get(group))
                app.add_typer(groups[group], name=group, rich_help_panel=panel)
            place, panel = groups[group], ""
        if command.name == named and chosen is not None:
            chosen.add_to(place, name, panel or None)
        else:
            place.command(name, help=command.text, rich_help_panel=panel or None)(_not_chosen)
    return app


def _not_chosen() -> None:
    raise AssertionError("only the command that is named runs")


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"{_PROGRAM} {version(_PROGRAM)}")
    except PackageNotFoundError:
        raise SettingsError(f"{_PROGRAM} is not installed, so its version is not known") from None
    raise typer.Exit


def _program(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """What stands before a command."""


def _listed(point: EntryPoint) -> ListedCommand:
    """Raises ImportError: the module or its function is not there."""
    source = _source(point.module)
    for node in source.body:
        if isinstance(node, ast.FunctionDef) and node.name == point.attr:
            first = (ast.get_docstring(node) or "").split("\n\n")[0]
            panel = _panel(source)
            known = _PANELS.index(panel) if panel in _PANELS else len(_PANELS)
            order = (known, point.module, node.lineno)
            return ListedCommand(point.name, " ".join(first.split()), panel, order)
    raise ImportError(f"{point.module} has no command {point.attr}")


@cache
def _source(module: str) -> ast.Module:
    """A module's source, found without importing the packages above it."""
    top, *below = module.split(".")
    spec = find_spec(top)
    for place in (spec.submodule_search_locations if spec else None) or ():
        path = Path(place, *below).with_suffix(".py")
        if path.is_file():
            return ast.parse(path.read_bytes())
    raise ImportError(f"there is no module {module}")


def _panel(source: ast.Module) -> str:
    for node in source.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "PANEL"
            and isinstance(node.value, ast.Constant)
        ):
            return str(node.value.value)
    return "Commands"


def _epilog() -> str:
    examples = (
        f"{_PROGRAM} live --camera 0",
        f"{_PROGRAM} review sessions/20261127-204500-0001",
    )
    shown = "".join(f"\n\n  {example}" for example in examples)
    return f"Examples:{shown}\n\n \n\n{_PROGRAM} COMMAND --help explains a command. {EXIT_CODES}"


if __name__ == "__main__":
    sys.exit(main())
