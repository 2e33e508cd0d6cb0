"""Files that a reader sees whole: the old one or the new one, never a part.

For what is written once and outside a session: profiles, tables, annotations.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from realtime.session import recording_error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file; its folder is made, for its owner alone, where there is none.

    Raises:
        DiskFull, RecordingError: it cannot be written; what stood there still stands.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise recording_error(error, str(path)) from error
