"""One run's folder: where it is, who may write in it, and what `session.json` says.

Made once by the command line, then handed to everything that keeps something: the event log,
the frame table and the recorder.  Folders are 0700 and files 0600 whatever the umask, because
they hold somebody's face.  Every name goes through `SessionFolder.path`, which never leaves the
folder and never follows a link.
"""

from __future__ import annotations

import platform
import re
import shutil
import stat
import threading
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path, PurePosixPath

from realtime.atomic_file import private_folder, whole_file
from realtime.consent.entry import Consent
from realtime.errors import RecordingError, recording_error
from realtime.recording.private_file import append_private
from realtime.recording.session_record import Clock, End, SessionEnd, SessionRecord
from realtime.status import Counts

RECORD = "session.json"

_PROGRAM = "fleeting"
_PACKAGES = ("ai-edge-litert", "av", "numba", "numpy", "onnxruntime", "opencv-python")
_FOLDERS = ("clips", "stills")
_NAME = re.compile(r"\d{8}-\d{6}-(\d{4,})")


class SessionFolder:
    """An open session folder.  Its methods may be called from any thread."""

    def __init__(
        self, folder: Path, record: SessionRecord | None = None, key: bytes | None = None
    ) -> None:
        self.folder = folder
        self.failures = 0  # lines that could not be appended
        self.trouble = ""  # why not the last of them
        self._record = record  # None: of a session that is only read
        self._appending = threading.Lock()
        self._closed = False
        self.key = key

    @classmethod
    def create(
        cls,
        output: Path,
        *,
        settings: Mapping[str, object],
        source: str,
        engine: str,
        start_s: float = 0.0,
        participant: str = "",
        condition: str = "",
        consent: Consent | None = None,
        purpose: str | None = None,
        key: bytes | None = None,
    ) -> SessionFolder:
        """Make the folder and its `session.json`.

        Args:
            output: holds one folder per session; made if missing.
            source: the camera or file in words, without secrets.
            engine: which engine and weights, or "motion only".
            start_s: time of the first frame, in the seconds that every output counts in.
            participant: whose face it is; "": not given.
            condition: of the experiment; "": not given.
            consent: under which it is recorded.
            purpose: what it is for; None: not said.
            key: that clips and stills are encrypted with; None: they are not.

        Raises:
            RecordingError: if the folder cannot be made or written.
        """
        try:
            private_folder(output)
            folder = _new_folder(output.resolve())
        except OSError as error:
            raise recording_error(error, f"session folder in {output}") from error
        record = SessionRecord(
            schema_=2,
            program=f"{_PROGRAM} {_version(_PROGRAM)}",
            source=source,
            engine=engine,
            start_time=start_s,
            participant=participant,
            condition=condition,
            clock=Clock(wall_s=time.time(), monotonic_ns=time.monotonic_ns()),
            purpose=purpose,
            consent=consent,
            settings=dict(settings),
            packages={name: _version(name) for name in _PACKAGES},
            python=platform.python_version(),
            platform=platform.platform(),
        )
        session = cls(folder, record, key)
        session.ensure_folders()
        session.replace(RECORD, record.to_json())
        return session

    def finish(self, counts: Counts | None, reason: SessionEnd, error: str | None = None) -> None:
        """Add to `session.json` what came of the run and why it ended.

        Args:
            counts: None: it failed before there was anything to count.
            error: what the program said, where it failed.

        Raises:
            RecordingError: if it cannot be written; the one from the start then still stands.
        """
        assert self._record is not None
        self.ensure_folders()
        end = End(wall_s=time.time(), monotonic_ns=time.monotonic_ns(), reason=reason, error=error)
        ended = self._record.model_copy(update={"ended": end, "counts": counts})
        self.replace(RECORD, ended.to_json())

    def close(self) -> None:
        """From now on nothing is written, whoever still wants to.  May be called twice."""
        with self._appending:
            self._closed = True

    def path(self, relative: str) -> Path:
        """Where a file of this session is or will be.

        Raises:
            RecordingError: if the name leads out of the folder, or a link stands on the way, or
                the session has been closed.
        """
        if self._closed:
            raise RecordingError(f"{self.folder.name} is closed; nothing more is written")
        parts = PurePosixPath(relative).parts
        usable = bool(parts) and not any(c in relative for c in "\\\0:")
        if not usable or ".." in parts or PurePosixPath(relative).is_absolute():
            raise RecordingError(f"{relative!r} is not a name inside the session folder")
        self._refuse_links()
        place = self.folder
        for part in parts:
            place /= part
            if place.is_symlink():
                raise RecordingError(f"{place} is a link; nothing is written through it")
        return place

    def blocked(self) -> str:
        """Why nothing can be written at the moment; "" where nothing speaks against it."""
        try:
            self._refuse_links()
            self.ensure_folders()
        except RecordingError as error:
            return str(error)
        return ""

    def _refuse_links(self) -> None:
        """The folder was made below folders of its own; a link or file there is another's."""
        for place in (self.folder, *self.folder.parents):
            try:
                kind = place.lstat().st_mode
            except FileNotFoundError:
                continue  # removed; it is made again
            except OSError as error:
                raise recording_error(error, str(place)) from error
            if not stat.S_ISDIR(kind):
                what = "a link" if stat.S_ISLNK(kind) else "not a folder"
                raise RecordingError(f"{place} is {what}; nothing is written through it")

    def ensure_folders(self) -> None:
        """Make the folders that are missing, for instance because someone removed them.

        Raises:
            RecordingError: if they cannot be made, or a link stands in their place.
        """
        for folder in (self.folder, *(self.path(name) for name in _FOLDERS)):
            if folder.is_dir():
                continue
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
            except OSError as error:
                raise recording_error(error, str(folder)) from error

    def replace(self, relative: str, data: bytes) -> None:
        """Write a whole file so that a reader sees the old one or the new one, never a part.

        Raises:
            RecordingError: if it cannot be written; nothing is left behind then.
        """
        target = self.path(relative)
        try:
            with whole_file(target, private=True) as file:
                file.write(data)
        except OSError as error:
            raise recording_error(error, str(target)) from error

    def append_line(self, name: str, text: str, *, sync: bool = True) -> bool:
        """Append text and a newline in one write.  Never raises for a full or missing disk.

        Returns:
            False if the line could not be written.  It is then not in the file in part either,
            and `failures` has gone up.
        """
        with self._appending:
            try:
                self._append(name, text.encode() + b"\n", sync)
            except (OSError, RecordingError) as error:
                self.failures += 1
                self.trouble = str(error)
                return False
            return True

    def free_bytes(self) -> int:
        """Room on the disk the folder is on."""
        place = self.folder
        while True:
            try:
                return shutil.disk_usage(place).free
            except OSError:  # the folder was removed or replaced; its disk is that of its parent
                if place == place.parent:
                    return 0
                place = place.parent

    def _append(self, name: str, line: bytes, sync: bool) -> None:
        path = self.path(name)
        if not path.parent.is_dir():
            self.ensure_folders()
        append_private(path, line, sync=sync)


def is_session_name(name: str) -> bool:
    """Whether a folder's name is one that this program gives."""
    return _NAME.fullmatch(name) is not None


def _new_folder(output: Path) -> Path:
    """The counter goes on over all sessions, so order survives a clock that is set back."""
    found = (_NAME.fullmatch(entry.name) for entry in output.iterdir())
    number = 1 + max((int(match[1]) for match in found if match), default=0)
    while True:
        folder = output / f"{time.strftime('%Y%m%d-%H%M%S')}-{number:04d}"
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
            continue
        folder.chmod(0o700)
        return folder


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
