"""The series that the verifier learns from one recording of a person.

Called by `fleeting train-verifier`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from model.spotting.face_footage import FaceRecording, film_scene, forward_and_back, stretches
from model.spotting.series import SHORTEST_S, FaceSeries, record_series
from model.synthetic.simulated_camera import SimulatedCamera

_LEARNABLE_S = 4.0  # the first two seconds of a series teach its noise
_SHORT_S = 14.0  # shorter stretches are played forward and back in turn until they are as long
_AGAIN = 2  # cameras that film every recording once more


def series_of(recording: FaceRecording, person: str, seed: int) -> Iterator[FaceSeries]:
    """A recording as it is, and as other cameras would have filmed what it shows.

    Short stretches are repeated as pictures, so that no noise comes twice.
    """
    yield from record_series(recording, person, _LEARNABLE_S)
    for number, stretch in enumerate(stretches(recording, SHORTEST_S)):
        longer, turns_s = forward_and_back(stretch, _SHORT_S)
        for again in range(_AGAIN):
            rng = np.random.default_rng([seed, *recording.name.encode(), number, again])
            filmed = film_scene(rng, SimulatedCamera.draw_second(rng), longer)
            named = replace(filmed, name=f"{recording.name} {number}.{again}")
            yield from record_series(named, person, _LEARNABLE_S, turns_s)
