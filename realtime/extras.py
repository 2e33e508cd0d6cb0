"""The command that installs optional packages into the environment that runs this program.

It names the packages themselves, so it is the same for a clone, a wheel, uv and pipx.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

_PROGRAM = "fleeting"


def install_command(*extras: str) -> str:
    """A command line for the packages of some extras; without any, for those the program needs.

    Args:
        extras: names in `[project.optional-dependencies]`.
    """
    try:
        wanted = list(_packages(requires(_PROGRAM) or (), extras))
    except PackageNotFoundError:  # run from a folder of sources that was never installed
        return f"{_installer()} {shlex.join(extras or ('.',))}"
    return f"{_installer()} {shlex.join(wanted)}"


def _packages(lines: Iterable[str], extras: tuple[str, ...]) -> Iterable[str]:
    for line in lines:
        package, _, condition = line.partition(";")
        of = condition.replace("'", '"')
        if any(f'extra == "{extra}"' in of for extra in extras) or not (extras or of):
            yield package.strip()


def _installer() -> str:
    """uv makes environments without pip, and so installs into them itself."""
    python = Path(sys.executable)
    here = Path.cwd()
    shown = shlex.quote(str(python.relative_to(here) if python.is_relative_to(here) else python))
    try:
        version("pip")
    except PackageNotFoundError:
        return f"uv pip install --python {shown}"
    return f"{shown} -m pip install"
