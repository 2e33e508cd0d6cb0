import json

import pytest

from realtime.errors import DataError
from realtime.motion.regions import REGIONS
from realtime.spotting.person_profile import Profile, load_profile, save_profile

PROFILE = Profile("me", 1.7, tuple((0.1, 0.2) for _ in REGIONS), 58.0, 30.0, "abc")


def test_what_is_saved_is_read_back(tmp_path):
    save_profile(tmp_path / "new" / "me.json", PROFILE)
    assert load_profile(tmp_path / "new" / "me.json", "abc") == PROFILE
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["me.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 1},
        {"alarm_factor": 0},
        {"alarm_factor": "much"},
        {"noise_px": [[0.1, 0.1]]},
        {"noise_px": None},
        {"unknown": 1},
    ],
    ids=str,
)
def test_nonsense_is_refused_with_the_way_out(tmp_path, change):
    path = tmp_path / "me.json"
    save_profile(path, PROFILE)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DataError, match=r"fleeting calibrate person"):
        load_profile(path, "abc")


def test_one_made_with_another_verifier_is_refused(tmp_path):
    save_profile(tmp_path / "me.json", PROFILE)
    with pytest.raises(DataError, match="another verifier"):
        load_profile(tmp_path / "me.json", "def")


@pytest.mark.parametrize(
    ("fps", "fits"), [(25.0, True), (36.0, True), (15.0, False), (60.0, False)]
)
def test_another_rate_is_said(fps, fits):
    said = PROFILE.misfit(fps)
    assert (said is None) == fits
    assert fits or f"made at 30 frames a second, and {fps:.0f} come" in said


def test_a_cut_file_is_refused(tmp_path):
    (tmp_path / "me.json").write_text('{"schema": 1, "na')
    with pytest.raises(DataError):
        load_profile(tmp_path / "me.json", "abc")
