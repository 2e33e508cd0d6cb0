"""The screen: OpenCV's own window, whose keys come with `waitKey`."""

from __future__ import annotations

import os
import sys
import time

import cv2

from realtime.errors import FleetingError
from realtime.review.reviewer import Reviewer
from realtime.review.sheet import HEIGHT, WIDTH

_NAME = "Fleeting: review"
_PERIOD_MS = 15
_ESCAPE, _NOTHING = 27, 255


def has_screen() -> bool:
    """Whether a window can be opened at all: without a display Qt would end the process."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def run(reviewer: Reviewer) -> None:
    """Until the person is through, presses q or Escape, or closes the window.

    Raises:
        FleetingError: OpenCV was built without windows.
    """
    try:
        cv2.namedWindow(_NAME, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        cv2.resizeWindow(_NAME, WIDTH, HEIGHT)
    except cv2.error as error:
        raise FleetingError(
            "no window can be opened: this OpenCV has none (opencv-python has, "
            "opencv-python-headless has not)"
        ) from error
    try:
        while not reviewer.done:
            cv2.imshow(_NAME, reviewer.picture(time.monotonic()))
            key = cv2.waitKey(_PERIOD_MS) & 255
            if key == _ESCAPE or cv2.getWindowProperty(_NAME, cv2.WND_PROP_VISIBLE) < 1:
                return
            if key != _NOTHING:
                reviewer.press(chr(key).lower())
    finally:
        cv2.destroyAllWindows()
