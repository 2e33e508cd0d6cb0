"""Network cameras: joined anywhere; faults end in time and are told apart; no password is shown."""

from __future__ import annotations

import errno
import itertools
import logging
import traceback

import av
import numpy as np
import pytest

from realtime.capture.address import parse_source
from realtime.capture.network_stream import NetworkStream
from realtime.capture.open_source import open_source
from realtime.capture.stream_reasons import reason
from realtime.errors import SourceError
from tests.servers import (
    BytesServer,
    DrippingServer,
    MjpegServer,
    RtspCamera,
    RtspServer,
    TsServer,
    free_port,
    number_of,
)

GOPS = (30, 60, 120)  # frames: 1, 2 and 4 s


@pytest.mark.parametrize("gop", GOPS)
def test_h264_over_http_joined_between_two_keyframes(gop: int) -> None:
    with TsServer(gop, fps=100) as server, open_source(parse_source(server.url)) as source:
        shots = [source.read() for _ in range(10)]
        numbers = [number_of(shot.image) for shot in shots if shot is not None]
    # FFmpeg may need one keyframe to know the stream; from the next one on, all are there
    assert numbers in [list(range(first, first + 10)) for first in (gop, 2 * gop)]
    assert source.undecodable == 0


@pytest.mark.slow
@pytest.mark.parametrize("gop", GOPS)
def test_h264_over_rtsp_joined_between_two_keyframes(gop: int) -> None:
    with (
        RtspCamera(gop) as camera,
        camera.watched(packets=8),
        open_source(parse_source(camera.url)) as source,
    ):
        shots = [source.read() for _ in range(10)]
    pictures = np.array([shot.image.astype(int) for shot in shots if shot is not None])
    assert len(pictures) == 10
    # the test pattern stands still: a picture that lacked its keyframe would be grey
    assert np.abs(pictures[0, :150] - pictures[-1, :150]).mean() < 3
    assert pictures[0].std() > 40
    assert source.info.reported_fps == pytest.approx(30)
    assert source.undecodable == 0


@pytest.mark.slow
def test_a_wrong_password_is_told_from_everything_else_and_the_right_one_opens() -> None:
    with RtspCamera(30, ("user", "s3cret")) as camera:
        for account in ("", "user:wr0ng@"):
            with pytest.raises(SourceError, match="user name or password") as caught:
                open_source(parse_source(camera.url.replace("//", f"//{account}")))
            assert "wr0ng" not in "".join(traceback.format_exception(caught.value))
        with open_source(parse_source(camera.url.replace("//", "//user:s3cret@"))) as source:
            assert source.read() is not None


def test_a_server_that_answers_late_is_waited_for() -> None:
    with TsServer(30, fps=100, answer_s=3.0) as server:
        with pytest.raises(SourceError, match=r"within 1 s.*--open-timeout"):
            open_source(parse_source(server.url), open_s=1.0)
        with open_source(parse_source(server.url)) as source:
            assert source.read() is not None


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_nobody_there_and_no_password_anywhere(
    scheme: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = parse_source(f"{scheme}://user:s3cret@127.0.0.1:{free_port()}/v?token=s3cret")
    with pytest.raises(SourceError, match=r"127\.0\.0\.1.*is refused") as caught:
        open_source(address)
    out, err = capfd.readouterr()
    told = "".join(traceback.format_exception(caught.value))
    assert "s3cret" not in out + err + caplog.text + told + repr(address)
    assert "user" not in str(caught.value).replace("user name", "")


HTTP = b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
RTSP = b"RTSP/1.0 %s\r\nCSeq: 1\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>hello</html>"


@pytest.mark.parametrize(
    ("scheme", "answer", "told"),
    [
        ("http", HTTP % b"401 Unauthorized", "user name or password"),
        ("rtsp", RTSP % b"401 Unauthorized", "user name or password"),
        ("http", HTTP % b"403 Forbidden", "does not allow"),
        ("http", HTTP % b"404 Not Found", "no such stream"),
        ("rtsp", RTSP % b"404 Not Found", "no such stream"),
        ("rtsp", RTSP % b"461 Unsupported Transport", "refuses this request"),
        ("http", HTTP % b"503 Service Unavailable", "a fault of its own"),
        ("http", PAGE, "not a video stream"),
        ("https", PAGE, "no TLS connection"),
        ("rtsps", PAGE, "no TLS connection"),
    ],
)
def test_what_a_server_answers_is_told_apart(scheme: str, answer: bytes, told: str) -> None:
    with BytesServer(answer) as server, pytest.raises(SourceError, match=told):
        open_source(parse_source(server.url.replace("http", scheme, 1)))


def test_a_name_that_nobody_knows_is_told_so() -> None:
    with pytest.raises(SourceError, match="name of the host is not known"):
        open_source(parse_source("http://camera.invalid/video"))


def test_sound_without_pictures_is_told_so() -> None:
    with BytesServer(_sound()) as server, pytest.raises(SourceError, match="no pictures"):
        open_source(parse_source(server.url))


def _sound() -> bytes:
    samples = (np.sin(np.arange(8000) / 5) * 9000).astype("<i2").tobytes()
    head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
    wave = head + b"data\xff\xff\xff\xff" + samples
    return b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nConnection: close\r\n\r\n" + wave


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EHOSTUNREACH, "no route"), "cannot be reached"),
        (OSError(errno.ENETUNREACH, "no network"), "cannot be reached"),
        (av.DecoderNotFoundError(1, "no decoder"), "format that cannot be decoded"),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), "nothing answered within 7 s"),
    ],
)
def test_what_loopback_cannot_do_is_told_apart_too(error: Exception, told: str) -> None:
    assert told in reason(error, "rtsp://127.0.0.1/video", 7.0)


def test_a_silent_server_is_given_up_in_time() -> None:
    silent = pytest.raises(SourceError, match="nothing answered within 2 s")
    with MjpegServer(silent=True) as server, silent:
        open_source(parse_source(server.url), open_s=2.0)


@pytest.mark.parametrize("whole", [0, 1])
def test_a_server_that_drips_is_given_up_in_time(whole: int) -> None:
    """No single wait is long: each is for a few bytes."""
    with DrippingServer(whole) as server, pytest.raises(SourceError, match="within 2 s"):
        open_source(parse_source(server.url), open_s=2.0)


@pytest.mark.parametrize("server_type", [MjpegServer, RtspServer])
def test_a_cut_stream_is_gone(server_type: type[MjpegServer] | type[RtspServer]) -> None:
    with server_type(50.0) as server, open_source(parse_source(server.url)) as source:
        assert source.read() is not None
        server.stop()
        for _ in range(200):
            if source.read() is None:
                break
        else:
            pytest.fail("pictures go on after the server has stopped")


def test_a_stream_that_falls_silent_is_gone() -> None:
    with MjpegServer(50) as server, open_source(parse_source(server.url)) as source:
        assert source.read() is not None
        server.silent = True
        for _ in range(200):
            if source.read() is None:
                break
        else:
            pytest.fail("pictures go on after the server fell silent")


def test_a_picture_without_those_it_depends_on_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The eleventh picture of every GOP is lost on its way."""
    whole = TsServer(30, fps=200)
    lost = [b"" if number % 30 == 10 else piece for number, piece in enumerate(whole._pieces)]
    monkeypatch.setattr(whole, "_pieces", lost)
    with whole as server, NetworkStream(parse_source(server.url), 20.0) as source:
        shots = itertools.takewhile(lambda shot: shot is not None, iter(source.read, 0))
        numbers = [number_of(shot.image) for shot in shots if shot is not None]
    assert len(numbers) >= 8
    assert {number % 30 for number in numbers} <= set(range(10))
    assert source.undecodable > 0
