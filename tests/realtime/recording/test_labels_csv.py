import pytest

from realtime.errors import DataError, RecordingError
from realtime.recording.labels_csv import NAME, Labels
from realtime.recording.session_folder import SessionFolder


@pytest.fixture
def session(tmp_path):
    return SessionFolder(tmp_path)


def test_what_is_said_is_on_the_disk_and_read_back(session):
    labels = Labels(session)
    assert labels.get("0001") is None
    labels.set("0001", "surprise")
    labels.set("0002", "none")
    labels.set("0001", "negative")
    again = Labels(session)
    assert [again.get(i) for i in ("0001", "0002", "0003")] == ["negative", "none", None]
    path = session.folder / NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in session.folder.iterdir()] == [NAME]
    labels.set("0001", None)
    assert path.read_text() == "id,label\n0002,none\n"


def test_other_columns_and_rows_are_kept(session):
    path = session.folder / NAME
    path.write_text('\ufeffid,label,note\n0001,Surprise ,"brows, up"\n0009,strange,\n', "utf-8")
    labels = Labels(session)
    assert (labels.get("0001"), labels.get("0009")) == ("surprise", None)
    labels.set("0002", "positive", "anna")
    assert path.read_text("utf-8").splitlines() == [
        "id,label,note,subject",
        '0001,Surprise ,"brows, up",',
        "0009,strange,,",
        "0002,positive,,anna",
    ]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\xd8", b"a,b\n1,2\n", b""])
def test_what_cannot_be_read_is_not_written_over(session, content):
    (session.folder / NAME).write_bytes(content)
    with pytest.raises(DataError, match=NAME):
        Labels(session)
    assert (session.folder / NAME).read_bytes() == content


def test_an_answer_that_cannot_be_kept_is_an_error_and_changes_nothing(session, tmp_path):
    labels = Labels(session)
    labels.set("0001", "none")
    aside = session.folder.rename(f"{tmp_path} aside")  # a disk that was pulled out
    with pytest.raises(RecordingError):
        labels.set("0001", "surprise")
    aside.rename(session.folder)
    assert labels.get("0001") == "none"
    assert Labels(session).get("0001") == "none"
