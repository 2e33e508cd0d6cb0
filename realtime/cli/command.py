"""What all commands share: help with examples, and how an error becomes an exit code.

A command is a function with typed, annotated parameters whose body imports what it needs, so that
its help is shown without loading a network or a camera library.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from typer.exceptions import TyperException

from realtime.cli.log_output import LogOutput
from realtime.errors import FleetingError
from realtime.export.safe_text import one_line
from realtime.extras import install_command
from realtime.limits import needed
from realtime.memory import forbid_core_dumps

_INTERRUPTED = 130  # what typer makes of Ctrl-C
EXIT_CODES = """\
Exit codes: 0 normal end; 1 unforeseen fault, or something is left to mend; 2 an option, setting \
or address is wrong; 3 camera, file or stream; 4 face model; 5 engine; 6 a file cannot be written; \
7 data; 8 nothing could be judged; 130 interrupted."""


@dataclass(frozen=True, slots=True)
class Command:
    """One sub-command of `fleeting`.

    Args:
        function: does the work; its docstring is the help.  Raises FleetingError on what a user
            can mend, `typer.Exit` to end with a code of its own.
        examples: command lines that can be copied.
        extra: the set of optional packages it needs.
        interrupted: what is said at Ctrl-C.
        log: format of the log lines it shows; None: warnings alone.
    """

    function: Callable[..., None]
    examples: tuple[str, ...]
    extra: str | None = None
    interrupted: str = ""
    log: str | None = None

    def add_to(self, app: typer.Typer, name: str, panel: str | None = None) -> None:
        """Register it under a name."""
        shown = "".join(f"\n\n  {escape(example)}" for example in self.examples)
        app.command(
            name,
            help=_reflowed(self.function.__doc__ or ""),
            epilog=f"Examples:{shown}\n\n \n\n{EXIT_CODES}",
            rich_help_panel=panel,
        )(self.function)

    def run(self, arguments: Sequence[str] | None = None) -> int:
        """Run it alone, with the process's arguments where none are given; the exit code."""
        name = f"fleeting {self.function.__name__.replace('_', '-')}"
        app = new_app()
        self.add_to(app, name)
        return run_app(app, arguments, name, name, self)


def command(
    *examples: str, extra: str | None = None, interrupted: str = "", log: str | None = None
) -> Callable[[Callable[..., None]], Command]:
    """Make a function a `Command`."""
    return lambda function: Command(function, examples, extra, interrupted, log)


def new_app(text: str | None = None) -> typer.Typer:
    return typer.Typer(
        help=text,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def run_app(
    app: typer.Typer,
    arguments: Sequence[str] | None,
    name: str,
    path: str,
    chosen: Command | None,
) -> int:
    """Parse and run; every error becomes one sentence on stderr and an exit code.

    Args:
        name: of the program, for its help.
        path: the words that name what runs, for messages.
        chosen: the command that will run; None: help, or an error of use.
    """
    if chosen is not None and chosen.log:
        logging.basicConfig(level=logging.INFO, format=chosen.log, handlers=[LogOutput()])
    else:
        shown = "%(name)s: %(message)s"
        logging.basicConfig(level=logging.WARNING, format=shown, handlers=[LogOutput()])
    _give_streams()
    forbid_core_dumps()
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = int(app(given, standalone_mode=False, prog_name=name) or 0)
    except FleetingError as error:
        return complain(str(error), error.exit_code)
    except TyperException as error:
        return complain(f"{_in_words(error)} See {path} --help", 2)
    except ModuleNotFoundError as error:
        if chosen is None or chosen.extra is None or _is_own(error, chosen):
            raise
        install = install_command(chosen.extra)
        return complain(f"{path} needs {error.name}, which is not installed: {install}", 1)
    except BrokenPipeError:  # the reader of our output has seen enough
        return _without_reader()
    except MemoryError:
        return complain("there is not enough memory; close other programs or raise ulimit -v", 1)
    if code == _INTERRUPTED and chosen is not None and chosen.interrupted:
        complain(chosen.interrupted, code)
    return code


def _give_streams() -> None:
    """Standard streams that were closed when the program began become the null device."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _without_reader() -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the rest is written at exit
    return 0


def complain(message: str, code: int) -> int:
    """Say on stderr what is wrong; returns the exit code it was given."""
    console = Console(stderr=True, soft_wrap=True)
    safe = "\n".join(map(one_line, message.split("\n")))  # a file name must not steer the terminal
    console.print(f"fleeting: {safe}", style="red", markup=False, highlight=False)
    return code


def _in_words(error: TyperException) -> str:
    """What is wrong with the command line, and the near name for a mistyped one."""
    near = getattr(error, "possibilities", None)
    if near:
        return f"{error.message}; did you mean {' or '.join(sorted(near))}?"
    if isinstance(error, typer.BadParameter) and isinstance(error.__cause__, ValidationError):
        first = error.__cause__.errors()[0]
        what = error.param.get_error_hint() if error.param else "an option"
        said = needed(first["type"], first["msg"].removeprefix("Value error, "))
        return f"{what} = {first['input']}: {said.rstrip('.')}."
    said = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    return said if said.endswith((".", "?")) else f"{said}."


def _is_own(error: ModuleNotFoundError, chosen: Command) -> bool:
    """Whether a module of this program is missing, which no extra would bring."""
    own = {name.split(".")[0] for name in (__name__, chosen.function.__module__)}
    return (error.name or "").split(".")[0] in own


def _reflowed(text: str) -> str:
    """A docstring as paragraphs that the terminal wraps; indented blocks keep their lines."""
    lines = [line[4:] if line.startswith("    ") else line for line in text.splitlines()]
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    joined = (p if p.startswith(" ") or "\n " in p else " ".join(p.split()) for p in paragraphs)
    return escape("\n\n".join(joined))
