import pytest

from realtime.errors import SettingsError
from realtime.settings import Settings

DEMO = {"source.demo": True}


def test_flags_overrule_the_file_and_the_file_the_defaults(tmp_path):
    file = tmp_path / "fleeting.toml"
    file.write_text("[recorder]\npre_s = 3.0\npost_s = 2.0\n[spotter.rules]\nblink = 0.4\n")
    settings = Settings.load(file, DEMO | {"recorder.post_s": 0.5, "engine.threads": None})
    assert settings.recorder.pre_s == 3.0
    assert settings.recorder.post_s == 0.5
    assert settings.spotter.rules.blink == 0.4
    assert settings.engine.threads == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({}, "exactly one of"),
        (DEMO | {"source.camera": 0}, "exactly one of"),
        (DEMO | {"face.faces": 0}, "face.faces"),
        (DEMO | {"recorder.pre_s": -1.0}, "recorder.pre_s"),
        (DEMO | {"source.fourcc": "toolong"}, "source.fourcc"),
        (DEMO | {"engine.unknown": 1}, "engine.unknown"),
        ({"source.camera": 0, "source.pace": "fast"}, "own pace"),
    ],
)
def test_impossible_settings_are_named(flags, words):
    with pytest.raises(SettingsError, match=words):
        Settings.load(None, flags)


def test_a_broken_file_is_named(tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text("[recorder\n")
    with pytest.raises(SettingsError, match=r"broken\.toml"):
        Settings.load(file, DEMO)
