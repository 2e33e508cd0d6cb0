"""The camera or video that a calibration looks at, opened just as the live path opens it."""

from __future__ import annotations

import argparse

from realtime.capture.address import wanted_address
from realtime.capture.open_source import open_source
from realtime.capture.source import Source
from realtime.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--camera", type=int, help="camera number")
    what.add_argument("--source", help="video file, folder or stream instead of a camera")
    parser.add_argument("--size", help="WIDTHxHEIGHT asked of a camera")
    parser.add_argument("--fps", type=float, help="asked of a camera; of a folder or film")
    parser.add_argument("--fourcc", help="pixel format asked of a camera")


def open_subject(given: argparse.Namespace) -> Source:
    """Open what the arguments name.

    Raises:
        SettingsError: an argument makes no sense.
        SourceError: it cannot be opened.
    """
    names = ("camera", "source", "size", "fps", "fourcc")
    flags = {f"source.{name}": getattr(given, name) for name in names}
    wanted = Settings.load(None, flags).source
    address = wanted_address(wanted.source, wanted.camera)
    return open_source(address, size=wanted.size, fps=wanted.fps, fourcc=wanted.fourcc)
