"""The stages of the guided minute: the face, the face at rest, a self-test by three movements.

Pure: a frame in, what to show out.  The movements are laid onto frames that the analysis of every
run then judges, from a face that was learned as in every run; so what is found here is what would
have been found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from realtime.analysis import Analysis
from realtime.capture.frame_rate import LocalRate
from realtime.capture.held_frame import Frame
from realtime.demo.screenplay import Movement
from realtime.face.assessability import Assessable
from realtime.guide.laid_movement import LaidMovement, lay
from realtime.spotting.frame_analysis import FrameAnalysis
from realtime.spotting.sensitivity import UNKNOWN, Sensitivity
from realtime.spotting.spotter import Finding

SIZE_IOD = 0.02
# a face that moves much is tested too: that tells what it hides
_LEARNED = (Assessable.YES, Assessable.INSENSITIVE)
_STEADY_S = 1.0  # the face can be judged for so long before it is learned
_REST_S = 5.0
_AFTER_S = 1.5  # the second stage has judged the last movement by then
_NEAR_S = 0.15  # a finding may begin or end that far outside the movement
_COURSE_S = (0.14, 0.0, 0.16)  # rise, hold, fall
_MOVEMENTS = (
    ("brows raised (1+2)", (("1", 1.0), ("2", 1.0))),
    ("lip corners pulled up (12)", (("12", 1.0),)),
    ("brows lowered (4)", (("4", 1.0),)),
)
_FIRST_S, _APART_S = 1.0, 2.2  # from the beginning of the self-test; from one to the next


class GuideStage(Enum):
    FACE = "the face"
    REST = "the face at rest"
    SELF_TEST = "self-test"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class GuideView:
    """What to show after a frame."""

    stage: GuideStage
    assessable: Assessable
    left_s: float  # until the stage ends, while nothing interrupts it
    sensitivity: Sensitivity = UNKNOWN


@dataclass(frozen=True, slots=True)
class LaidResult:
    laid: LaidMovement
    found: bool


class GuidedMinute:
    """Give it every frame of a source, until it is done.

    Args:
        analysis: as a run would make it; nobody else uses it.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._rate = LocalRate()
        self._last: FrameAnalysis | None = None
        self._stage = GuideStage.FACE
        self._began_s = 0.0  # of the stage
        self._test: tuple[LaidMovement, ...] = ()
        self._findings: dict[int, Finding] = {}

    def watch(self, frame: Frame) -> GuideView:
        """Analyse the next frame, with what is laid onto it."""
        t_s = frame.t_ns / 1e9
        largest = self._last.largest if self._last else None
        if largest is not None:
            for laid in self._test:  # the landmarks of the frame before: a face at rest
                image = lay(frame.image, largest.face.landmarks, laid, t_s)
                frame = replace(frame, image=image)
        seen = self._last = self._analysis.analyse(frame, self._rate.add(frame.t_ns))
        for finding in seen.findings:
            self._findings[finding.finding.number] = finding.finding
        self._go_on(t_s, seen.assessable)
        left_s = max(0.0, self._lasts_s - (t_s - self._began_s))
        sensitivity = seen.largest.sensitivity if seen.largest else UNKNOWN
        return GuideView(self._stage, seen.assessable, left_s, sensitivity)

    def results(self) -> tuple[LaidResult, ...]:
        """Which of the movements of the last self-test were found; revised findings count."""
        return tuple(LaidResult(laid, self._is_found(laid.movement)) for laid in self._test)

    @property
    def _lasts_s(self) -> float:
        return {
            GuideStage.FACE: _STEADY_S,
            GuideStage.REST: _REST_S,
            GuideStage.SELF_TEST: _FIRST_S + len(_MOVEMENTS) * _APART_S + _AFTER_S,
        }.get(self._stage, 0.0)

    def _go_on(self, t_s: float, assessable: Assessable) -> None:
        """To the next stage when this one has lasted; back to the first when it is interrupted."""
        learned = assessable in _LEARNED
        if self._stage is GuideStage.DONE:
            return
        if not learned and (
            self._stage is GuideStage.SELF_TEST or assessable is not Assessable.SETTLING
        ):
            self._begin(GuideStage.FACE, t_s)
        elif t_s - self._began_s < self._lasts_s:
            return
        elif self._stage is GuideStage.FACE:
            self._begin(GuideStage.REST, t_s)
        elif self._stage is GuideStage.REST and learned:
            self._begin(GuideStage.SELF_TEST, t_s)
        elif self._stage is GuideStage.SELF_TEST:
            self._stage = GuideStage.DONE

    def _begin(self, stage: GuideStage, t_s: float) -> None:
        self._stage, self._began_s = stage, t_s
        self._test = ()
        self._findings.clear()
        if stage is GuideStage.SELF_TEST:
            self._test = tuple(
                LaidMovement(
                    words, units, SIZE_IOD, Movement(t_s + _FIRST_S + k * _APART_S, *_COURSE_S)
                )
                for k, (words, units) in enumerate(_MOVEMENTS)
            )

    def _is_found(self, movement: Movement) -> bool:
        return any(
            finding.kind == "micro"
            and finding.onset_ns / 1e9 < movement.end_s + _NEAR_S
            and finding.offset_ns / 1e9 > movement.start_s - _NEAR_S
            for finding in self._findings.values()
        )
