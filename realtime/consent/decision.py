"""Whether a run keeps anything: the rule of docs/trust.md in code.

Recording a person is making pictures of somebody that were not there before: by a camera or a
stream.  That needs consent.  A film is there already, made under a consent of its own, and the
built-in subject is nobody: they need no entry, unless the settings require one always.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from realtime.consent.asked import asked_consent
from realtime.consent.entry import EVERYONE, Consent, OnWithdrawal, consent_of
from realtime.errors import SettingsError

ASK = Path("ask")
HOW = "--consent ask, or --consent FILE"

ConsentRequired = Literal["live", "always"]


@dataclass(frozen=True, slots=True)
class KeepDecision:
    """What a run may keep."""

    keeps: bool
    consent: Consent | None = None
    reason: str = ""  # why nothing is kept, and what to do

    @property
    def participant(self) -> str:
        """Whose consent it is; "": not one person's."""
        who = () if self.consent is None else self.consent.who
        return who[0] if len(who) == 1 and who[0] != EVERYONE else ""

    @property
    def on_withdrawal(self) -> OnWithdrawal:
        """Without an entry nothing says that the session may stay."""
        return OnWithdrawal.FORGET if self.consent is None else self.consent.on_withdrawal


def keep_decision(
    given: Path | None,
    *,
    participant: str,
    is_live: bool,
    is_demo: bool,
    required: ConsentRequired,
    today: date,
) -> KeepDecision:
    """Decide before the source is opened; asks on the terminal where `given` is `ASK`.

    Args:
        given: `--consent`.
        participant: code of who is filmed; "": not said.

    Raises:
        SettingsError: what was given is no valid consent, or nobody can be asked.
    """
    if given == ASK:
        if not sys.stdin.isatty():
            raise SettingsError("--consent ask needs a terminal; use --consent FILE")
        consent = asked_consent(participant, today)
        if consent is None:
            return KeepDecision(False, reason="no consent was given")
        return KeepDecision(True, consent)
    if given is not None:
        return KeepDecision(True, consent_of(given, participant, today))
    if is_demo or not (is_live or required == "always"):
        return KeepDecision(True)
    return KeepDecision(False, reason=f"no consent entry: {HOW}")
