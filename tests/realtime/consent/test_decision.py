"""What is kept of which source, with and without an entry."""

from datetime import date

import pytest

from realtime.consent.decision import keep_decision
from realtime.consent.entry import OnWithdrawal
from tests.paths import ROOT

ENTRY = ROOT / "tests/program/consent.toml"
TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("source", "required", "given", "keeps"),
    [
        ("live", "live", None, False),
        ("live", "live", ENTRY, True),
        ("film", "live", None, True),
        ("film", "live", ENTRY, True),
        ("film", "always", None, False),
        ("film", "always", ENTRY, True),
        ("demo", "always", None, True),
    ],
)
def test_pictures_that_were_not_there_before_need_consent(source, required, given, keeps):
    decision = keep_decision(
        given,
        participant="",
        is_live=source == "live",
        is_demo=source == "demo",
        required=required,
        today=TODAY,
    )
    assert decision.keeps is keeps
    assert (decision.consent is None) is (given is None)
    assert ("--consent ask" in decision.reason) is not keeps
    kept = OnWithdrawal.FORGET if given is None else OnWithdrawal.KEEP
    assert decision.on_withdrawal is kept
