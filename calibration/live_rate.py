"""The frame rate below which the live path judges nothing, and nothing is promised to anybody."""

from __future__ import annotations

from realtime.errors import DataError
from realtime.face.assessability import AssessConfig


def check_rate(name: str, fps: float) -> None:
    """Raises DataError where a source delivers fewer frames a second than are judged live."""
    least = AssessConfig().min_fps
    if fps < least:
        raise DataError(
            f"{name}: {fps:.1f} frames a second came, and live nothing is judged below "
            f"{least:g}: add light, or request a smaller --size or another --fps"
        )
