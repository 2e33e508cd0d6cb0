"""Cameras of this computer, by number: V4L2, AVFoundation or Media Foundation through OpenCV.

Used through `open_source` and by `--list-cameras`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2

from realtime.capture.opencv_source import OpenCvSource, reported_rate, silence_opencv
from realtime.errors import SettingsError, SourceError

_BACKENDS = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_MSMF}
_V4L2_NAMES = Path("/sys/class/video4linux")
_JPEG = ("MJPG", "JPEG")
_PROBED = 10  # camera numbers tried where the system keeps no list
_SIZES = ((640, 480), (1280, 720), (1920, 1080))
_RATES = (30, 60, 120)


@dataclass(frozen=True, slots=True)
class CameraListing:
    """One camera that this computer has."""

    index: int  # what `--camera` takes
    name: str  # as its driver calls it, or the number again


def list_cameras() -> tuple[CameraListing, ...]:
    """Cameras that are there, free or in use, by number."""
    if sys.platform == "linux":
        return _listed_by_v4l2(_V4L2_NAMES)
    return _found_by_opening()


def accepted_modes(capture: cv2.VideoCapture) -> tuple[str, ...]:
    """Sizes and rates that the driver of an opened camera accepts, such as 640×480@30.

    What it then delivers is measured by `fleeting calibrate camera`.
    """
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    modes = []
    for width, height in _SIZES:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        if _reported_size(capture) != (width, height):
            continue
        for rate in _RATES:
            capture.set(cv2.CAP_PROP_FPS, rate)
            if round(reported_rate(capture) or 0.0) == rate:
                modes.append(f"{width}×{height}@{rate}")
    return tuple(modes)


def camera_modes(index: int) -> tuple[str, ...]:
    """`accepted_modes` of a camera by number; none where it is in use or gone."""
    silence_opencv()
    capture = cv2.VideoCapture(index, _BACKENDS.get(sys.platform, cv2.CAP_ANY))
    try:
        return accepted_modes(capture) if capture.isOpened() else ()
    finally:
        capture.release()


def open_camera(
    index: int,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    fourcc: str = "MJPG",
) -> OpenCvSource:
    """Open a camera and take its first picture.

    Args:
        index: number of the camera.
        size: width, height requested; None: what the driver prefers.
        fps: rate requested; None: what the driver prefers.
        fourcc: pixel format requested.  MJPG is what lets USB cameras go beyond about 10 fps
            at full size: raw pictures fill the bus.

    Raises:
        SourceError: when there is no such camera, or it gives no picture.
        SettingsError: on a pixel format that is not four letters.
    """
    if len(fourcc) != 4 or not fourcc.isascii():
        raise SettingsError(f"a pixel format is four letters such as MJPG, not '{fourcc}'")
    silence_opencv()
    name = f"camera {index}"
    capture = cv2.VideoCapture(index, _BACKENDS.get(sys.platform, cv2.CAP_ANY))
    if not capture.isOpened():
        capture.release()
        raise SourceError(f"{name} cannot be opened: {_why_not(index)}; {_what_to_try()}")
    # In this order: a driver offers sizes for a pixel format, and rates for a size.
    code = cv2.VideoWriter.fourcc(*fourcc)
    capture.set(cv2.CAP_PROP_FOURCC, code)
    if size is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    if fps is not None:
        capture.set(cv2.CAP_PROP_FPS, fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # what waits in a buffer is late
    try:
        given = int(capture.get(cv2.CAP_PROP_FOURCC))
        return OpenCvSource(
            capture,
            name,
            jpeg=_letters(given) in _JPEG,
            requested_fps=fps,
            reported_fps=reported_rate(capture),
            remarks=_not_as_requested(capture, size, code),
        )
    except SourceError as error:
        raise SourceError(f"{error}; {_what_to_try()}") from None


def _not_as_requested(
    capture: cv2.VideoCapture, size: tuple[int, int] | None, code: int
) -> tuple[str, ...]:
    remarks = []
    reported = _reported_size(capture)
    if size is not None and reported != size:
        remarks.append(
            f"{size[0]}×{size[1]} requested, the driver reports {reported[0]}×{reported[1]}"
        )
    given = int(capture.get(cv2.CAP_PROP_FOURCC))
    if given not in (0, -1, code):
        remarks.append(f"{_letters(code)} requested, the driver reports {_letters(given)}")
    return tuple(remarks)


def _reported_size(capture: cv2.VideoCapture) -> tuple[int, int]:
    return (
        int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
    )


def _letters(code: int) -> str:
    letters = (code & 0xFFFFFFFF).to_bytes(4, "little").decode("latin-1")
    return letters if letters.isprintable() else hex(code)


def _why_not(index: int) -> str:
    if sys.platform != "linux":
        return "it is missing, in use, or not allowed"
    device = f"/dev/video{index}"
    if not os.path.exists(device):
        return f"there is no {device}"
    if not os.access(device, os.R_OK | os.W_OK):
        return f"you may not use {device} (add yourself to the group 'video' and log in again)"
    return f"{device} is in use by another program, or is no camera"


def _what_to_try() -> str:
    # Off Linux a list is made by opening, which takes longer than a user waits for a message.
    cameras = list_cameras() if sys.platform == "linux" else ()
    found = ", ".join(f"{camera.index} ({camera.name})" for camera in cameras)
    others = f"cameras found: {found or 'none'}" if sys.platform == "linux" else "--list-cameras"
    return (
        f"{others}; try another number, plug the camera in, allow this program to use it, "
        f"close other programs that do, or use --source FILE or --demo"
    )


def _listed_by_v4l2(root: Path) -> tuple[CameraListing, ...]:
    listings = []
    for entry in root.glob("video*"):
        number = entry.name.removeprefix("video")
        # A camera has several nodes; the first gives pictures, the others describe them.
        if number.isdecimal() and _line(entry / "index") in ("0", ""):
            listings.append(CameraListing(int(number), _line(entry / "name") or entry.name))
    return tuple(sorted(listings, key=lambda listing: listing.index))


def _line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:  # unplugged since it was listed
        return ""


def _found_by_opening() -> tuple[CameraListing, ...]:
    silence_opencv()
    listings = []
    for index in range(_PROBED):
        capture = cv2.VideoCapture(index, _BACKENDS.get(sys.platform, cv2.CAP_ANY))
        if capture.isOpened():
            listings.append(CameraListing(index, f"camera {index}"))
        capture.release()
    return tuple(listings)
