"""The limits of an output folder: `retention.json`, beside its sessions.

Written by `fleeting tidy --apply`, which has shown what they remove; read at every start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from realtime.atomic_file import write_whole
from realtime.errors import DataError

NAME = "retention.json"

Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Gigabytes = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class RetentionLimits(BaseModel):
    """What may stay in an output folder.  None: no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    keep_days: Days | None = None  # from the end of a session
    max_gb: Gigabytes | None = None  # of all sessions; 1 GB is 10^9 bytes


def read_limits(output: Path) -> RetentionLimits | None:
    """The limits of a folder; None: none were set.

    Raises:
        DataError: they cannot be read.
    """
    path = output / NAME
    try:
        return RetentionLimits.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise DataError(
            f"{path} is no file of limits; set them anew with fleeting tidy --apply ({error})"
        ) from error


def write_limits(output: Path, limits: RetentionLimits) -> None:
    """Raises RecordingError: they cannot be written."""
    text = limits.model_dump_json(indent=2, by_alias=True) + "\n"
    write_whole(output / NAME, text.encode())
