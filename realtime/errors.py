"""Every error a user can meet, and the exit code it ends the program with.

    FleetingError            1  something we did not foresee
    ├─ SettingsError         2  a flag or a configuration value makes no sense
    ├─ SourceError           3  camera, file, folder or stream cannot be opened or read
    │   └─ SourceRefused     2  an address outside the source grammar
    ├─ FaceModelError        4  landmark model missing, damaged or not the pinned one
    ├─ EngineError           5  engine folder unusable, or its process died for good
    │   ├─ EngineMismatch    5  the folder does not fit this program
    │   └─ EngineUntrusted   5  a hash does not match
    ├─ RecordingError        6  the session folder cannot be written
    │   └─ DiskFull          6
    ├─ DataError             7  a dataset, pair file or profile is not what it should be
    └─ NothingJudged         8  the run ended, and no second of its source could be judged

0 is a normal end: the source ended, `--seconds` passed, `q` was pressed, or one Ctrl-C.
Messages say what happened, to what, and what to do; they never hold a password.
"""

from __future__ import annotations

import errno

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # EFBIG: a limit of the user's own


class FleetingError(Exception):
    exit_code = 1


class SettingsError(FleetingError):
    exit_code = 2


class SourceError(FleetingError):
    exit_code = 3


class SourceRefused(SourceError):
    exit_code = 2


class FaceModelError(FleetingError):
    exit_code = 4


class EngineError(FleetingError):
    exit_code = 5


class EngineMismatch(EngineError):
    pass


class EngineUntrusted(EngineError):
    pass


class VerifierError(EngineError):
    pass


class RecordingError(FleetingError):
    exit_code = 6


class DiskFull(RecordingError):
    pass


class DataError(FleetingError):
    exit_code = 7


class NothingJudged(FleetingError):
    exit_code = 8


def recording_error(error: OSError, what: str) -> RecordingError:
    """The system's refusal as ours: `DiskFull` if room was the reason."""
    if error.errno in _FULL:
        return DiskFull(f"{what}: no room left on the disk ({error.strerror})")
    return RecordingError(f"{what} cannot be written: {error.strerror or error}")
