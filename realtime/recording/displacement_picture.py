"""The network's displacement field as a picture.

Called by the recorder for each event's still.  Hue is the direction of the motion (the wheel in
the corner is the key), strength of the colour its size; arrows are exaggerated by the factor
the legend implies.  Displacements are pixels of the aligned 224×224 crop, x right, y down.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_ZOOM = 3  # picture pixels per crop pixel
_STRIP = 66  # height of the legend, picture pixels
_GRID = 14  # crop pixels between arrows
_ARROW = 14.0  # crop pixels: length of an arrow of full size
_LEAST_PX = 0.25  # full size is never less, or noise would look like motion
_FADE = 0.12  # share of full size under which no arrow is drawn
_INK = (235, 235, 235)


def displacement_picture(
    crop: NDArray[np.uint8], displacement: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """Colours and arrows over the apex crop.

    Args:
        crop: (224, 224) grey.
        displacement: (2, 224, 224), x then y.

    Returns:
        BGR, three times the crop's size and a legend below.
    """
    field = np.nan_to_num(np.asarray(displacement, np.float32), posinf=0.0, neginf=0.0)
    size_px = np.hypot(field[0], field[1])
    full_px = max(float(np.percentile(size_px, 99)), _LEAST_PX)
    height, width = crop.shape

    large = (width * _ZOOM, height * _ZOOM)
    face = cv2.cvtColor(cv2.resize(crop, large, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
    colours = cv2.resize(_wheel_colours(field), large, interpolation=cv2.INTER_LINEAR)
    share = cv2.resize(np.clip(size_px / full_px, 0, 1), large)[..., None]
    picture = (face * (1 - 0.65 * share) + colours * (0.65 * share)).astype(np.uint8)
    _draw_arrows(picture, field, full_px)

    strip = np.full((_STRIP, large[0], 3), 24, np.uint8)
    _draw_legend(strip, full_px)
    return np.vstack([picture, strip])


def _wheel_colours(field: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Hue 0 (red) is to the right; it runs on with the angle, clockwise in the picture."""
    angle = np.degrees(np.arctan2(field[1], field[0])) % 360
    hsv = np.full((*angle.shape, 3), 255, np.uint8)
    hsv[..., 0] = np.rint(angle / 2) % 180  # OpenCV's hue has 180 steps
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)


def _draw_arrows(picture: NDArray[np.uint8], field: NDArray[np.float32], full_px: float) -> None:
    smooth = np.stack([cv2.blur(part, (_GRID // 2, _GRID // 2)) for part in field])
    height, width = field.shape[1:]
    for y in range(_GRID // 2, height, _GRID):
        for x in range(_GRID // 2, width, _GRID):
            arrow = smooth[:, y, x] / full_px
            length = float(np.hypot(*arrow))
            if length < _FADE:
                continue
            tip = np.array([x, y]) + arrow / max(length, 1.0) * _ARROW
            start, end = (x * _ZOOM, y * _ZOOM), tuple(int(v) for v in np.rint(tip * _ZOOM))
            for ink, thickness in (((0, 0, 0), 3), (_INK, 1)):
                cv2.arrowedLine(picture, start, end, ink, thickness, cv2.LINE_AA, tipLength=0.35)


def _draw_legend(strip: NDArray[np.uint8], full_px: float) -> None:
    """A bar as long as an arrow of full size, its worth in pixels, and the colour wheel."""
    middle = _STRIP // 2
    bar = round(_ARROW * _ZOOM)
    cv2.arrowedLine(strip, (16, middle), (16 + bar, middle), _INK, 2, cv2.LINE_AA, tipLength=0.3)
    text = f"= {full_px:.2f} px of the 224 px face crop, onset to apex"
    at = (28 + bar, middle + 6)
    cv2.putText(strip, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.55, _INK, 1, cv2.LINE_AA)

    radius = middle - 5
    axis = np.arange(-radius, radius + 1, dtype=np.float32)
    way = np.stack(np.meshgrid(axis, axis))
    disc = np.hypot(way[0], way[1]) <= radius
    corner = strip[middle - radius : middle + radius + 1, -2 * radius - 17 : -16]
    corner[disc] = _wheel_colours(way)[disc]
