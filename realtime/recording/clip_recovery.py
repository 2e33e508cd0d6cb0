"""What a killed program left: clips and segments cut short, finished under another name.

Only `NNNN.part.mp4` in `SESSION/clips` and `SESSION/video` of this program is touched.  The part
itself is moved aside, as `NNNN.part.mp4.kept`, and never removed: it is evidence of somebody's
face, and theirs.
"""

from __future__ import annotations

import re
import stat
import sys
from itertools import islice, product
from pathlib import Path

import av

from realtime.atomic_file import whole_file
from realtime.encryption.media import is_sealed, key_of, open_media
from realtime.errors import DataError
from realtime.recording.clip_writer import CONTAINER, SUFFIX, ClipSink, readable_frames
from realtime.recording.own_sessions import has_own_record
from realtime.recording.session_folder import is_session_name

if sys.platform != "win32":
    import fcntl

_FOLDERS = ("clips", "video")
_PART = re.compile(rf"(\d{{4,}}){re.escape(SUFFIX)}")


def recover(output: Path) -> list[str]:
    """Finish the clips of killed sessions in an output folder; one line for each.

    A clip that some program is still writing is left alone, and so are links.
    """
    lines = []
    for part in _parts(output):
        match = _PART.fullmatch(part.name)
        target = part.with_name(f"{match[1]}.recovered.mp4") if match else part
        where = f"{part.parents[1].name}: {part.name}"
        frames = 0
        try:
            frames = readable_frames(part)
            if frames and target.exists():
                lines.append(f"{where}: {target.name} is there already; the part is left as it is")
                continue
            if frames:
                _remux(part, target, frames)
            kept = _moved_aside(part)
        except (OSError, av.FFmpegError, DataError) as error:
            lines.append(f"{where}: {frames} frames readable, but not recovered: {error}")
            continue
        found = (
            f"{frames} frames recovered as {target.name}" if frames else "nothing readable in it"
        )
        lines.append(f"{where}: {found}; what was left is kept as {kept.name}")
    return lines


def _parts(output: Path) -> list[Path]:
    """Every unfinished clip and segment of the sessions of this program."""
    try:
        sessions = sorted(entry for entry in output.iterdir() if is_session_name(entry.name))
    except OSError:
        return []
    found: list[Path] = []
    for session, name in product(sessions, _FOLDERS):
        folder = session / name
        try:
            ours = all(stat.S_ISDIR(place.lstat().st_mode) for place in (session, folder))
            if ours and has_own_record(session):
                found += (part for part in sorted(folder.iterdir()) if _is_left(part))
        except OSError:
            continue
    return found


def _is_left(part: Path) -> bool:
    named = _PART.fullmatch(part.name) is not None
    return named and stat.S_ISREG(part.lstat().st_mode) and not _is_being_written(part)


def _moved_aside(part: Path) -> Path:
    """The part under a name that no other file has."""
    for number in range(1, 1000):
        kept = part.with_name(f"{part.name}.kept" + (f".{number}" if number > 1 else ""))
        if not kept.exists() and not kept.is_symlink():
            part.rename(kept)
            return kept
    raise FileExistsError(f"{part.name} has been kept too often")


def _remux(part: Path, target: Path, frames: int) -> None:
    """The first packets, one a frame and with their times, in a file with a proper end."""
    with whole_file(target, private=True) as file:
        sink = ClipSink(file.fileno(), key_of(part) if is_sealed(part) else None)
        with (
            open_media(part) as plain,
            av.open(plain, mode="r") as source,
            av.open(sink, "w", format="mp4", options=dict(CONTAINER)) as copy,
        ):
            stream = copy.add_stream_from_template(source.streams.video[0])
            for packet in islice(source.demux(video=0), frames):
                packet.stream = stream
                copy.mux(packet)
        if sink.error is not None:
            raise sink.error
        sink.finish()


def _is_being_written(part: Path) -> bool:
    if sys.platform == "win32":
        return False  # there a file that is open cannot be renamed anyway
    with part.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
