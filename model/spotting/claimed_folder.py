"""A folder whose parts were all made with one set of settings, which it notes.

A training run that was interrupted goes on with the parts that are there; with other settings they
would be mixed without a sign.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from realtime.atomic_file import write_whole
from realtime.errors import SettingsError

_NOTE = "settings.json"


def claim_folder(folder: Path, settings: Mapping[str, object], *, parts: Sequence[str]) -> None:
    """Note the settings in the folder, or check that its parts were made with them.

    Args:
        settings: values that JSON can hold, by the flag that gives them.
        parts: sub-folders of the folder that would be gone on with.

    Raises:
        SettingsError: the folder holds parts of a run with other settings, or with unknown ones.
        DiskFull, RecordingError: it cannot be written.
    """
    text = json.dumps(settings, indent=2)
    note = folder / _NOTE
    if note.exists():
        wanted = json.loads(text)  # as it would be read back
        try:
            before = json.loads(note.read_text("utf-8"))
            other = [flag for flag, value in wanted.items() if before.get(flag) != value]
        except (OSError, ValueError, AttributeError) as error:
            raise SettingsError(f"{note} cannot be read: give another --output") from error
        if other:
            raise SettingsError(
                f"{folder} holds a run with another {', '.join(other)}: its parts would be mixed; "
                "give another --output"
            )
    elif any((folder / part).exists() for part in parts):
        raise SettingsError(
            f"{folder} holds parts of a run whose settings it does not note: give another --output"
        )
    else:
        write_whole(note, f"{text}\n".encode())
