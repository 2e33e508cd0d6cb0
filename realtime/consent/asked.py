"""`--consent ask`: the entry is asked for on the terminal, before the camera is opened."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta

from pydantic import ValidationError

from realtime.consent.entry import Consent, OnWithdrawal
from realtime.errors import SettingsError

_USUAL_DAYS = 365
_SHOWN = """\
fleeting analyses the face that the camera films, and keeps short clips of it on this computer.
It describes movements.  It does not say what anybody feels or means, or whether it is true.
The person who is filmed answers, or has answered on paper:
"""


def asked_consent(
    participant: str,
    today: date,
    *,
    answer: Callable[[str], str] = input,
    say: Callable[[str], object] = sys.stderr.write,
) -> Consent | None:
    """The entry as it is answered; None: the person does not agree.

    Args:
        participant: whose it is, where the command line says so.

    Raises:
        SettingsError: nobody can answer, or the answers are no entry.
    """
    say(_SHOWN)
    try:
        who = participant or answer("who (a code, not a name): ").strip()
        what_for = answer("what for: ").strip()
        usual = today + timedelta(days=_USUAL_DAYS)
        until = answer(f"kept until (YYYY-MM-DD) [{usual}]: ").strip() or str(usual)
        keep = answer("if you withdraw while it runs, keep what there is until then? [y/N]: ")
        agreed = _is_yes(answer("do you agree to be recorded? [y/N]: "))
    except EOFError:
        raise SettingsError("--consent ask: nobody answers; use --consent FILE") from None
    if not agreed:
        return None
    kept = OnWithdrawal.KEEP if _is_yes(keep) else OnWithdrawal.FORGET
    try:
        entry = Consent.model_validate(
            dict(who=who, given=today, what_for=what_for, until=until, on_withdrawal=kept)
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = str(first["loc"][0])
        raise SettingsError(f"--consent ask: {key}: {first['msg']}") from None
    if entry.until < today:
        raise SettingsError(f"--consent ask: until {entry.until} is past")
    return entry


def _is_yes(text: str) -> bool:
    return text.strip().lower() in ("y", "yes")
