"""The noise and rates of one person at one camera, kept for the next run (`--profile FILE`).

`fleeting calibrate person` writes it.  It holds numbers only: no picture, no landmark.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.atomic_file import write_whole
from realtime.errors import DataError
from realtime.motion.regions import REGIONS

SCHEMA = 2
_SAME_RATE = 1.25  # noise of a pulse, and what is taken for one, depend on the frame rate


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    alarm_factor: float  # false alarms for each one that the operating table expects, > 0
    noise_px: tuple[tuple[float, float], ...]  # of each of the 31 regions' pulses, x and y
    seconds: float  # of rest and talk it was learned from
    fps: float  # frames a second then
    verifier: str  # digest of the verifier it was learned with

    def noise(self) -> NDArray[np.float64]:
        return np.array(self.noise_px)

    def misfit(self, fps: float) -> str | None:
        """What to say where frames come at another rate than they did then; None: nothing."""
        if 1 / _SAME_RATE < fps / self.fps < _SAME_RATE:
            return None
        return (
            f"the profile '{self.name}' was made at {self.fps:.0f} frames a second, and {fps:.0f} "
            "come now: its noise and false-alarm rate do not hold; make it again at this rate"
        )


def save_profile(path: Path, profile: Profile) -> None:
    """Raises DiskFull or RecordingError if it cannot be written; the file is as it was then."""
    content = json.dumps({"schema": SCHEMA, **asdict(profile)}, indent=2) + "\n"
    write_whole(path, content.encode())


def load_profile(path: Path, verifier: str) -> Profile:
    """Read a profile.

    Args:
        verifier: digest of the verifier that it is to be used with.

    Raises:
        DataError: it is missing, damaged, not a profile, or made with another verifier.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        if content.pop("schema") != SCHEMA:
            raise ValueError("another version wrote it")
        pairs = tuple((float(x), float(y)) for x, y in content.pop("noise_px"))
        profile = Profile(noise_px=pairs, **content)
        sound = (
            len(pairs) == len(REGIONS)
            and all(0 < v < 100 for pair in pairs for v in pair)
            and 0 < float(profile.alarm_factor) < 1000
            and 0 < float(profile.fps) < 10_000
        )
        if not sound:
            raise ValueError("a number is out of its range")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} cannot be read as a profile ({error}); make one with: "
            "fleeting calibrate person"
        ) from error
    if profile.verifier != verifier:
        raise DataError(
            f"{path} was made with another verifier, whose probabilities differ; make it again: "
            "fleeting calibrate person"
        )
    return profile
