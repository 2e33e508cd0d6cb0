"""`fleeting tidy`, and what every start does: sessions that are due are shown, then removed."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from realtime.errors import FleetingError, SettingsError, recording_error
from realtime.export.safe_text import counted, one_line
from realtime.outlet import tell
from realtime.recording.private_file import append_private
from realtime.recording.removal import remove_session
from realtime.retention.due import DueReason, RetentionPlan, plan
from realtime.retention.retention_limits import RetentionLimits, read_limits, write_limits

LOG = "retention.jsonl"  # beside the sessions: how many went and why, and never which


def tidy(
    output: Path,
    *,
    keep_days: float | None = None,
    max_gb: float | None = None,
    apply: bool = False,
    now_s: float | None = None,
) -> None:
    """Show what the limits remove; with `apply` remove it, and keep these limits for the folder.

    Args:
        keep_days, max_gb: None: as the folder has it.
        now_s: seconds since 1970; None: now.

    Raises:
        SettingsError: there is no such folder.
        DataError: the folder or its limits cannot be read.
        RecordingError: something cannot be removed; the same command goes on.
    """
    if not output.is_dir():
        raise SettingsError(f"{output} is no folder of sessions")
    held = read_limits(output) or RetentionLimits()
    limits = RetentionLimits(
        keep_days=held.keep_days if keep_days is None else keep_days,
        max_gb=held.max_gb if max_gb is None else max_gb,
    )
    found = plan(output, limits, time.time() if now_s is None else now_s)
    _show(found, output, sys.stdout.write)
    if not apply:
        sys.stdout.write(
            "nothing was removed; --apply removes what is due, now and at every start\n"
        )
        return
    write_limits(output, limits)
    _remove(found, output)
    sys.stdout.write(
        f"{counted(len(found.due), 'session')} removed; {output} keeps {_in_words(limits)}\n"
    )


def tidy_at_start(output: Path, now_s: float | None = None) -> list[str]:
    """Remove what is due by the limits of an output folder, if it has any; a line for each thing.

    What goes is said before it goes.  No fault of it keeps a run from beginning.
    """
    lines: list[str] = []
    try:
        limits = read_limits(output)
        if limits is None:
            return lines
        found = plan(output, limits, time.time() if now_s is None else now_s)
        if found.due:
            _show(found, output, _to_stderr)
            _remove(found, output)
    except FleetingError as error:
        lines.append(f"retention: {error}")
    return lines


def _to_stderr(line: str) -> None:
    tell(f"fleeting: retention: {line.rstrip()}")


def _show(found: RetentionPlan, output: Path, say: Callable[[str], object]) -> None:
    for one in found.due:
        name = one_line(one.folder.relative_to(output).as_posix())
        say(f"{name}  {one.size_bytes / 1e6:.1f} MB  due: {one.reason.value}\n")
    for line in found.left:
        say(f"{one_line(line)}\n")


def _remove(found: RetentionPlan, output: Path) -> None:
    gone: Counter[DueReason] = Counter()
    size = 0
    try:
        for one in found.due:
            remove_session(one.folder)
            gone[one.reason] += 1
            size += one.size_bytes
    finally:
        if gone:
            _note(output, gone, size)


def _note(output: Path, gone: Counter[DueReason], size_bytes: int) -> None:
    """One line that names nobody."""
    line = {
        "schema": 1,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sessions": sum(gone.values()),
        "bytes": size_bytes,
        **{reason.name.lower(): gone[reason] for reason in DueReason},
    }
    try:
        append_private(output / LOG, json.dumps(line).encode() + b"\n")
    except OSError as error:
        raise recording_error(error, str(output / LOG)) from error


def _in_words(limits: RetentionLimits) -> str:
    days = "" if limits.keep_days is None else f"{limits.keep_days:g} days"
    size = "" if limits.max_gb is None else f"{limits.max_gb:g} GB"
    return " and ".join(filter(None, (days, size))) or "what its consent allows"
