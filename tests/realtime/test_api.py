"""`analyse` as a script calls it: what it refuses before anything is opened."""

import threading

import pytest

import realtime
from realtime.api.analyse import analyse
from realtime.errors import SettingsError, SourceError
from realtime.recording.session import open_session
from realtime.study.study import open_study


def test_the_public_names_are_those_of_the_packages():
    assert realtime.analyse is analyse
    assert realtime.open_session is open_session
    assert realtime.open_study is open_study
    assert set(realtime.__all__) == {"Session", "Study", "analyse", "open_session", "open_study"}


@pytest.mark.parametrize("source", [0, "rtsp://127.0.0.1:1/video"])
def test_of_a_camera_or_stream_nothing_is_kept_without_consent(source, tmp_path):
    with pytest.raises(SettingsError, match="without consent"):
        analyse(source, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_setting_that_does_not_exist_is_refused(tmp_path):
    film = tmp_path / "film.mp4"
    film.touch()
    with pytest.raises(SettingsError, match=r"no setting 'spotter\.alarms'"):
        analyse(film, settings={"spotter.alarms": 1}, output=tmp_path / "out")
    with pytest.raises(SettingsError, match="no setting 'alarms'"):
        analyse(film, settings={"alarms": 1}, output=tmp_path / "out")
    with pytest.raises(SettingsError, match="characters on one line"):
        analyse(film, participant="P\n7", output=tmp_path / "out")


def test_what_is_no_film_is_an_error_also_on_another_thread(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"no film")
    raised = []

    def work():
        try:
            analyse(film, output=tmp_path / "out", settings={"engine.folder": "none"})
        except SourceError as error:
            raised.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert "film.mp4" in raised[0]
    with pytest.raises(SourceError):
        analyse(film, output=tmp_path / "out", settings={"engine.folder": "none"})
