"""Which folders are sessions of this program, and which of their files it wrote itself."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from realtime.recording.removal import contents, is_marked
from realtime.recording.session_folder import RECORD, is_session_name

_PROGRAM = "fleeting"
_OWN = re.compile(
    r"session\.json|events\.jsonl|frames\.csv|markers\.jsonl|video\.jsonl|labels\.csv|forgotten"
    r"|labels/[^/]+\.(jsonl|queue\.json)"
    r"|clips/\d{4,}\.(mp4|json|part\.mp4|recovered\.mp4|part\.mp4\.kept(\.\d+)?)"
    r"|video/\d{4,}\.(mp4|json|part\.mp4|recovered\.mp4|part\.mp4\.kept(\.\d+)?)"
    r"|stills/\d{4,}_(onset|apex|displacement)\.png"
    r"|redacted/.*"
    r"|([a-z]+/)?\.[^/]+\.part"  # a file that was being written when the program was killed
)


def own_sessions(output: Path) -> Iterator[Path]:
    """Every session of this program at or below a folder, in the order of their paths.

    Links are not followed, and folders whose name begins with a dot are left out.

    Raises:
        OSError: a folder cannot be read.
    """
    if is_own_session(output):
        yield output
        return
    with os.scandir(output) as entries:
        below = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    for name in below:
        if not name.startswith("."):
            yield from own_sessions(output / name)


def is_own_session(folder: Path) -> bool:
    """Whether this program made the folder, by its name and its record.

    Raises:
        OSError: it cannot be read.
    """
    if not is_session_name(folder.resolve().name) or not stat.S_ISDIR(folder.lstat().st_mode):
        return False
    return is_marked(folder) or has_own_record(folder)


def has_own_record(folder: Path) -> bool:
    """Raises OSError where the record is there and cannot be read."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(record, dict) and str(record.get("program", "")).startswith(_PROGRAM)


def foreign_files(session: Path) -> list[Path]:
    """What lies in a session folder and was not written by this program."""
    return [
        path
        for path in contents(session)
        if not stat.S_ISDIR(path.lstat().st_mode)
        and not _OWN.fullmatch(path.relative_to(session).as_posix())
    ]
