"""Blink, gaze and jaw from the landmarks: the blendshape network's 52 coefficients, read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.face.face import FaceSigns
from realtime.face.litert import Network

# The 146 mesh points the network was made for, in its order.
_POINTS = np.array(
    [
        *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63),
        *(65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132),
        *(133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161),
        *(162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263),
        *(267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310),
        *(311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373),
        *(374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398),
        *(400, 402, 405, 409, 415, 454, 466, *range(468, 478)),
    ]
)

# Places of the coefficients that are used.
_BLINK_LEFT, _BLINK_RIGHT = 9, 10
_DOWN, _IN_LEFT, _IN_RIGHT, _OUT_LEFT, _OUT_RIGHT, _UP = (11, 12), 13, 14, 15, 16, (17, 18)
_JAW_OPEN = 25


class SignReader:
    def __init__(self, model: bytes) -> None:
        self._network = Network(model)

    def coefficients(self, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        """All 52 blendshapes in [0, 1], in the order of the network's maker."""

        def fill(values: NDArray[np.float32]) -> None:
            values[0] = landmarks[_POINTS, :2]

        (coefficients,) = self._network.run(fill, (52,))
        return coefficients

    def read(self, landmarks: NDArray[np.float32]) -> FaceSigns:
        """Signs of one face from its landmarks (478, 3) in frame pixels."""
        c = self.coefficients(landmarks)
        to_left = c[_OUT_LEFT] + c[_IN_RIGHT] - c[_IN_LEFT] - c[_OUT_RIGHT]
        upwards = c[list(_UP)].sum() - c[list(_DOWN)].sum()
        return FaceSigns(
            blink_left=float(c[_BLINK_LEFT]),
            blink_right=float(c[_BLINK_RIGHT]),
            gaze_x=float(to_left) / 2,
            gaze_y=float(upwards) / 2,
            jaw_open=float(c[_JAW_OPEN]),
        )
