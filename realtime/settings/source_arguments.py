"""The camera or video that a calibration looks at, opened just as the live path opens it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from realtime.capture.address import wanted_address
from realtime.capture.open_source import open_source
from realtime.capture.source import Source
from realtime.errors import SettingsError
from realtime.settings.load import load_settings


@dataclass(frozen=True, slots=True)
class Subject:
    """The source as the command line names it; None: not given."""

    camera: int | None = None
    source: str | None = None
    size: str | None = None
    fps: float | None = None
    fourcc: str | None = None


def open_subject(subject: Subject) -> Source:
    """Open what is named.

    Raises:
        SettingsError: a value makes no sense.
        SourceError: it cannot be opened.
    """
    if (subject.camera is None) == (subject.source is None):
        raise SettingsError("give one of --camera N and --source WHAT")
    flags = {f"source.{name}": value for name, value in asdict(subject).items()}
    wanted = load_settings(None, flags).source
    address = wanted_address(wanted.source, wanted.camera)
    return open_source(address, size=wanted.size, fps=wanted.fps, fourcc=wanted.fourcc)
