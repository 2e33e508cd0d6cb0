"""The questions of `--consent ask`, answered by lines of a terminal."""

from datetime import date

import pytest

from realtime.consent.asked import asked_consent
from realtime.consent.entry import OnWithdrawal
from realtime.errors import SettingsError

TODAY = date(2026, 11, 27)


def asked(*answers, participant=""):
    lines = iter(answers)
    said = []

    def answer(question):
        said.append(question)
        return next(lines)

    return asked_consent(participant, TODAY, answer=answer, say=said.append), "".join(said)


def test_the_answers_are_an_entry():
    entry, shown = asked("P07", "my thesis", "2026-12-24", "y", "yes")
    assert (entry.who, entry.what_for) == (("P07",), "my thesis")
    assert (entry.given, entry.until) == (TODAY, date(2026, 12, 24))
    assert entry.on_withdrawal is OnWithdrawal.KEEP
    assert "It does not say what anybody feels" in shown


def test_a_year_and_forgetting_are_what_is_offered():
    entry, shown = asked("my thesis", "", "", "y", participant="P07")
    assert (entry.who, entry.until) == (("P07",), date(2027, 11, 27))
    assert entry.on_withdrawal is OnWithdrawal.FORGET
    assert "who" not in shown.split("paper")[1]


@pytest.mark.parametrize("agreed", ["", "n", "no", "maybe"])
def test_without_a_yes_there_is_no_consent(agreed):
    assert asked("P07", "my thesis", "", "", agreed)[0] is None


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (("", "my thesis", "", "", "y"), "who: "),
        (("P07", "", "", "", "y"), "what_for: "),
        (("P07", "my thesis", "tomorrow", "", "y"), "until: "),
        (("P07", "my thesis", "2020-01-01", "", "y"), "until 2020-01-01 is past"),
    ],
)
def test_what_is_no_entry_is_refused(answers, said):
    with pytest.raises(SettingsError, match=said):
        asked(*answers)
