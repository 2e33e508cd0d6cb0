"""Prints what the doctor finds."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from realtime.doctor.camera_advice import Watched
from realtime.doctor.check import Check, CheckResult

_COLOURS = {
    CheckResult.OK: "green",
    CheckResult.SLOWER: "yellow",
    CheckResult.LESS: "yellow",
    CheckResult.MISSING: "red",
}


def camera_checks(watched: Watched) -> Iterator[Check]:
    """A camera that was watched for some seconds: what it delivers, and every problem."""
    info, came, light = watched.info, watched.came, watched.light
    shown = f"{info.name}, {info.width}×{info.height}, {came.fps:.1f} frames a second"
    if light.iod_px is not None:
        shown += f"; a face of {light.iod_px:.0f} px IOD, {light.grey:.0f} of 255 bright"
    yield Check("picture", shown)
    for advice in watched.advice:
        yield Check("picture", advice.trouble, CheckResult.LESS, advice.remedy)


def print_checks(checks: Iterable[Check]) -> bool:
    """Print every line; whether nothing that is needed is missing."""
    found = list(checks)
    table = Table(show_header=False, box=None, pad_edge=False)
    for check in found:
        text = f"{check.found}\n→ {check.advice}" if check.advice else check.found
        table.add_row(Text(check.result.value, _COLOURS[check.result]), check.what, Text(text))
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    return not any(check.needed and check.result is not CheckResult.OK for check in found)
