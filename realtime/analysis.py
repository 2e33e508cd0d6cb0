"""What one frame shows: faces, whether each can be assessed, and the findings that it completes.

Pure: a frame in, a `FrameAnalysis` out; no clock, no thread, no file, no screen.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.capture.held_frame import Frame
from realtime.face.assessability import Assessable, AssessConfig, assess
from realtime.face.face import Face, FaceTracker
from realtime.face.watched_faces import WatchedFaces
from realtime.motion.regions import Stream
from realtime.motion.stabiliser import StabiliserConfig
from realtime.spotting.face_spotter import FaceFinding, FaceSpotter
from realtime.spotting.frame_analysis import FaceAnalysis, FrameAnalysis
from realtime.spotting.person_profile import Profile
from realtime.spotting.spotter import SpotterConfig

_NO_STRENGTHS = (0.0,) * len(Stream)


def _untimed(_: str) -> AbstractContextManager[None]:
    return nullcontext()


class Analysis:
    """The stages of one run, from the face tracker to the spotter.

    Args:
        profile: of the person, where there is one.
        timed: a context for each stage by its name, for who measures how long they take.
    """

    def __init__(
        self,
        tracker: FaceTracker,
        *,
        assess_config: AssessConfig | None = None,
        stabiliser: StabiliserConfig | None = None,
        spotter: SpotterConfig | None = None,
        profile: Profile | None = None,
        timed: Callable[[str], AbstractContextManager[None]] = _untimed,
    ) -> None:
        self._watched = WatchedFaces(tracker)
        self._assess_config = assess_config
        self._stabiliser = stabiliser
        self._spotter = spotter or SpotterConfig()
        self._profile = profile
        self._timed = timed
        self._followed: dict[int, FaceSpotter] = {}
        self._unconfirmed: list[tuple[int, int]] = []
        self.remark: str | None = None  # what the user should know of the profile

    def analyse(self, frame: Frame, fps: float, *, thinned: bool = False) -> FrameAnalysis:
        """Analyse the next frame.

        Args:
            fps: frames analysed a second, 0 where it is not known yet.
            thinned: frames are left out because the machine is too slow.
        """
        if self._profile is not None and fps and self.remark is None:
            self.remark = self._profile.misfit(fps)
        if frame.restart:
            self._watched.reset()
            self.forget()
        with self._timed("face"):
            grey = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
            faces = self._watched.track(frame.t_ns, frame.image, grey)
        present = {face.id for face in faces}
        for face_id in self._followed.keys() - present:
            self._drop(face_id)
        verdicts = [
            assess(face, grey, fps, self._assess_config, judged=face.id in self._followed)
            for face in faces
        ]
        if thinned:
            slow = {Assessable.LOW_RATE: Assessable.TOO_SLOW}
            verdicts = [slow.get(verdict, verdict) for verdict in verdicts]
        findings: list[FaceFinding] = []
        for face, verdict in zip(faces, verdicts, strict=True):
            if verdict is Assessable.YES:
                findings.extend(self._spot(frame, grey, face))
            else:
                self._drop(face.id)
        for face_id, spotter in self._followed.items():
            self._unconfirmed.extend((face_id, number) for number in spotter.take_unconfirmed())
        return FrameAnalysis(
            tuple(self._result(face, v) for face, v in zip(faces, verdicts, strict=True)),
            tuple(findings),
            self.take_unconfirmed(),
            self._watched.pictures,
        )

    def take_unconfirmed(self) -> tuple[tuple[int, int], ...]:
        """Face and number of the findings whose second stage will not come, since the last call."""
        taken, self._unconfirmed = tuple(self._unconfirmed), []
        return taken

    @property
    def alarms_per_minute(self) -> float:
        """Target false-alarm rate."""
        return self._spotter.alarms_per_minute

    def set_alarms_per_minute(self, rate: float) -> None:
        """Judge at another target false-alarm rate from now on; what is open, too."""
        self._spotter = replace(self._spotter, alarms_per_minute=rate)
        for spotter in self._followed.values():
            spotter.set_alarms_per_minute(rate)

    def learn_rest(self) -> None:
        """Learn every face at rest again."""
        for spotter in self._followed.values():
            spotter.reset()

    def forget(self) -> None:
        """Carry nothing over to the next frame; the faces keep their ids."""
        for face_id in list(self._followed):
            self._drop(face_id)

    def _drop(self, face_id: int) -> None:
        spotter = self._followed.pop(face_id, None)
        if spotter is not None:
            spotter.reset()
            self._unconfirmed.extend((face_id, number) for number in spotter.take_unconfirmed())

    def _spot(self, frame: Frame, grey: NDArray[np.uint8], face: Face) -> tuple[FaceFinding, ...]:
        spotter = self._followed.get(face.id)
        if spotter is None:
            spotter = self._followed[face.id] = FaceSpotter(
                face.id, self._stabiliser, self._spotter, profile=self._profile
            )
        with self._timed("stabiliser"):
            stabilised = spotter.align(frame.seq, frame.t_ns, grey, face)
        with self._timed("spotter"):
            return spotter.spot(stabilised, face)

    def _result(self, face: Face, verdict: Assessable) -> FaceAnalysis:
        spotter = self._followed.get(face.id)
        if spotter is None:
            return FaceAnalysis(face, verdict, None, _NO_STRENGTHS, None)
        return FaceAnalysis(
            face,
            spotter.assessable(verdict),
            spotter.state,
            spotter.strengths,
            spotter.stabilised,
            spotter.sensitivity,
            spotter.coarse,
        )
