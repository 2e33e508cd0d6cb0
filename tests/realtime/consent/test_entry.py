"""Consent files as labs write them, and as they should not."""

from datetime import date

import pytest

from realtime.consent.entry import OnWithdrawal, consent_of
from realtime.errors import SettingsError

TODAY = date(2026, 11, 27)
ENTRY = """
[[consent]]
who = {who}
given = {given}
what_for = "a study of brief movements"
until = {until}
on_withdrawal = "forget"
"""


def written(tmp_path, *entries):
    usual = {"who": '"P07"', "given": "2026-11-01", "until": "2027-11-01"}
    file = tmp_path / "consent.toml"
    file.write_text("".join(ENTRY.format(**usual | entry) for entry in entries))
    return file


def test_the_entry_of_a_participant_is_found(tmp_path):
    file = written(tmp_path, {}, {"who": '["P08", "P09"]'})
    assert consent_of(file, "P09", TODAY).who == ("P09",)  # and the codes of others are not in it
    entry = consent_of(file, "P07", TODAY)
    assert entry.on_withdrawal is OnWithdrawal.FORGET
    assert entry.until == date(2027, 11, 1)


def test_one_entry_is_enough_for_a_study(tmp_path):
    file = written(tmp_path, {"who": '"all"'})
    assert consent_of(file, "P31", TODAY).who == ("P31",)
    assert consent_of(file, "", TODAY).who == ("all",)


def test_it_holds_from_its_first_day_to_its_last(tmp_path):
    file = written(tmp_path, {"given": "2026-11-27", "until": "2026-11-27"})
    assert consent_of(file, "P07", TODAY)


@pytest.mark.parametrize(
    ("entries", "participant", "said"),
    [
        ([{}], "P08", "no consent entry of participant P08"),
        ([{}, {"who": '"P08"'}], "", "2 entries of this person: say whose with --participant"),
        ([{}, {"who": '"all"'}], "P07", "2 entries of participant P07: leave the one"),
        ([{"until": "2026-11-26"}], "P07", "ran out on 2026-11-26; ask again"),
        ([{"given": "2026-11-28"}], "P07", "given on 2026-11-28, which is to come"),
        ([{"until": "2025-01-01"}], "P07", "until 2025-01-01 is before given"),
        ([{"until": '"soon"'}], "P07", "until: .*; an entry has who, given"),
        ([{"who": "[]"}], "P07", "who: "),
        ([{"who": '"P07"\nface = "x.png"'}], "P07", "face: Extra inputs"),
        ([], "P07", r"is no consent file: it needs tables \[\[consent\]\]"),
    ],
)
def test_what_does_not_cover_a_run_is_refused_in_words(tmp_path, entries, participant, said):
    with pytest.raises(SettingsError, match=said):
        consent_of(written(tmp_path, *entries), participant, TODAY)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "cannot be read as TOML"),
        (b"[[consent]\n", "cannot be read as TOML"),
        (b"#" * 1_000_001, "is larger than one can be"),
        (b"consent = 1\n", "is no consent file"),
        (b"other = 1\n[[consent]]\nwho = 'a'\n", "is no consent file"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path, content, said):
    file = tmp_path / "consent.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        consent_of(file, "", TODAY)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        consent_of(tmp_path / "consent.toml", "", TODAY)
