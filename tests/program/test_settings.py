"""Settings from flags, TOML and session.json: what is taken, and one sentence for what is not."""

import json
import tomllib

import pytest

from realtime.errors import SettingsError
from realtime.limits import Limits
from realtime.settings.fields import fields_of
from realtime.settings.load import load_settings
from realtime.settings.tree import Settings
from realtime.settings.write import to_toml, write_config
from tests.paths import ROOT

DEMO = {"source.demo": True}


@pytest.fixture
def toml(tmp_path):
    def written(text):
        file = tmp_path / "fleeting.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return written


def every_field(section=Settings, path=""):
    for name, field in fields_of(section).items():
        if field.section is not None:
            yield from every_field(field.section, f"{path}{name}.")
        else:
            yield f"{path}{name}", field


def test_flags_overrule_the_file_and_the_file_the_defaults(toml):
    file = toml("[recorder]\npre_s = 3.0\npost_s = 2.0\n[spotter.rules]\nblink = 0.4\n")
    settings = load_settings(file, DEMO | {"recorder.post_s": 0.5, "engine.threads": None})
    assert settings.recorder.pre_s == 3.0
    assert settings.recorder.post_s == 0.5
    assert settings.spotter.rules.blink == 0.4
    assert settings.engine.threads == 1


def test_a_source_flag_replaces_every_choice_of_the_file(toml):
    file = toml("[source]\ncamera = 0\nfps = 60.0\n")
    settings = load_settings(file, DEMO)
    assert (settings.source.camera, settings.source.demo) == (None, True)
    assert settings.source.fps == 60.0
    film = toml('[source]\nsource = "a.mp4"\npace = "fast"\n')
    assert load_settings(film, {"source.camera": 1}).source.pace == "realtime"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({}, "exactly one of"),
        (DEMO | {"source.camera": 0}, "exactly one of"),
        (DEMO | {"face.faces": 0}, "face.faces = 0: allowed is 1 to 8"),
        (DEMO | {"recorder.pre_s": -1.0}, "recorder.pre_s = -1.0: allowed is 0 to 60"),
        (DEMO | {"recorder.pre_s": float("nan")}, "recorder.pre_s = nan: allowed is 0 to 60"),
        (DEMO | {"source.seconds": 0.0}, "source.seconds = 0.0: allowed is more than 0"),
        (DEMO | {"source.seconds": float("inf")}, "source.seconds = inf"),
        (DEMO | {"source.fourcc": "toolong"}, "source.fourcc = toolong: four letters"),
        (DEMO | {"source.size": "0x0"}, "source.size = 0x0: allowed is 16 to 16384"),
        (DEMO | {"source.size": "large"}, "source.size = large: write WIDTHxHEIGHT"),
        (DEMO | {"engine.backend": "-"}, "engine.backend = -: a runtime is needed"),
        ({"source.camera": 0, "source.pace": "fast"}, "own pace"),
    ],
)
def test_impossible_flags_are_named_with_what_is_allowed(flags, words):
    with pytest.raises(SettingsError) as refused:
        load_settings(None, flags)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[recorder\n", "cannot be read as TOML"),
        ("[source]\nfps = -30.0\n", "source.fps = -30.0: allowed is 1 to 1000"),
        ("[spotter]\nrefractory_s = -1\n", "spotter.refractory_s = -1: allowed is 0 to 10"),
        ("[spotter.onset]\ntop = 0\n", "spotter.onset.top = 0: allowed is 1 to 31"),
        ("[spotter.onset]\ntop = true\n", "spotter.onset.top = True: a number is needed"),
        ("[spotter.onset]\ntop = 2.5\n", "spotter.onset.top = 2.5: a whole number is needed"),
        ("[spotter.onset]\ntaus_s = [0.1]\n", "spotter.onset.taus_s"),
        ("[spotter.onset]\ntaus_s = [0.1, 9]\n", "allowed is 0.03 to 0.5"),
        ("[stabiliser]\nmin_ncc = 'x'\n", "stabiliser.min_ncc = x: a number is needed"),
        ("[assess]\nmin_grey = 999\n", "assess.min_grey = 999: allowed is 0 to 255"),
        ("[dashboard]\nkind = 'loud'\n", "allowed is 'auto', 'live', 'plain' or 'none'"),
        ("[recorder]\nrecord = 'perhaps'\n", "true or false is needed"),
        ("source = 3\n", "source is a table, [source], not 3"),
        ("[source.camera]\nx = 1\n", "source.camera is one setting, not a table"),
        ("[recorder]\npre = 1\n", "no setting recorder.pre; did you mean recorder.pre_s?"),
        ("[recoder]\npre_s = 1\n", "no setting recoder; did you mean recorder?"),
        ("alarms_per_minute = 1\n", "did you mean spotter.alarms_per_minute?"),
        ("zzz = 1\n", "there is no setting zzz"),
        (f"source = {'[' * 20000}", ""),
        (f"[{'.'.join('a' * 5000)}]\n", "there is no setting a"),
        ("'\\u001b[31m' = 1\n", "there is no setting"),
        (b"\xff\xfe[\x00", "cannot be read as TOML"),
    ],
)
def test_what_a_file_may_not_say_is_one_sentence(toml, text, words):
    with pytest.raises(SettingsError) as refused:
        load_settings(toml(text), DEMO)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 400
    assert str(refused.value).isprintable()


def test_a_byte_order_mark_is_skipped(toml):
    file = toml(b"\xef\xbb\xbf[recorder]\npre_s = 3\n")
    assert load_settings(file, DEMO).recorder.pre_s == 3.0


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(SettingsError, match=f"{path.name} cannot be read"):
            load_settings(path, DEMO)


def test_a_session_s_settings_run_again(tmp_path):
    wanted = load_settings(None, DEMO | {"recorder.pre_s": 2.0, "face.faces": 3})
    file = tmp_path / "session.json"
    file.write_text(json.dumps({"settings": wanted.model_dump(mode="json")}))
    assert load_settings(file, {}) == wanted
    shown = wanted.model_dump(mode="json")
    shown["face"]["faces"] = 99
    file.write_text(json.dumps({"settings": shown}))
    with pytest.raises(SettingsError, match=r"face\.faces = 99: allowed is 1 to 8"):
        load_settings(file, {})


@pytest.mark.parametrize("text", ["[]", "{}", "3", '{"settings": 3}', "{", "null"])
def test_another_json_file_is_refused(tmp_path, text):
    file = tmp_path / "session.json"
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"session\.json"):
        load_settings(file, DEMO)


def test_every_setting_says_what_it_means_and_its_default_is_allowed():
    for name, field in every_field():
        assert isinstance(field.limits, Limits), name
        number = isinstance(field.default, float | tuple) or type(field.default) is int
        assert not number or field.limits.low is not None, f"{name} has no bounds"
        field.limits.check(field.default)


def test_a_written_file_holds_every_setting_and_is_read_back(tmp_path):
    wanted = load_settings(None, {"source.source": 'a "b" \\ü.mp4', "spotter.alarms_per_minute": 1})
    file = tmp_path / "deep" / "mine.toml"
    write_config(file, wanted)
    assert load_settings(file, {}) == wanted
    text = file.read_text("utf-8")
    for name, field in every_field():
        assert f"{name.rpartition('.')[2]} =" in text
        assert field.limits.text in text
    assert tomllib.loads(text)["spotter"]["onset"]["top"] == 4
    with pytest.raises(SettingsError, match="there is such a file"):
        write_config(file, wanted)


def test_the_page_of_the_configuration_shows_what_is_written():
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert f"```toml\n{to_toml(load_settings(None, {'source.camera': 0}))}```" in page


def test_bounds_are_said_in_words():
    assert Limits("", 0, 1).allowed == "0 to 1"
    assert Limits("", 0, 1, above=True).allowed == "more than 0, at most 1"
    assert to_toml(load_settings(None, DEMO)).count("; 0 to 60\n") >= 3
