"""The movements of a session that were flagged, each with its last revision."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.event import Event
from realtime.recording.session import Clip, Session


@dataclass(frozen=True, slots=True)
class Flag:
    event: Event
    clip: Clip | None  # None: there is nothing to look at

    @property
    def id(self) -> str:
        return self.event.id

    @property
    def stands(self) -> bool:
        """Whether the second stage left it a micro-expression."""
        return self.event.kind == "micro"

    @property
    def share(self) -> float | None:
        """Probability of its class, by the engine."""
        verdict = self.event.classification
        return None if verdict is None else max(verdict.probabilities)

    @property
    def first_frame_s(self) -> float | None:
        """Time of the clip's first frame; None: not known."""
        return None if self.clip is None else self.clip.first_frame_s


def read_flags(session: Session) -> tuple[Flag, ...]:
    """Every movement that was flagged once, in the order of flagging."""
    known = {event.id: event for event in session.events}
    return tuple(Flag(known[first.id], session.clips.get(first.id)) for first in session.flagged)
