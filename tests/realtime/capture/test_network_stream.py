"""Network cameras: faults end in time, and a password is never repeated."""

from __future__ import annotations

import logging
import time
import traceback

import pytest

from realtime.capture.address import parse_source
from realtime.capture.open_source import open_source
from realtime.errors import SourceError
from tests.servers import MjpegServer, RtspServer, free_port


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_nobody_there_and_no_password_anywhere(
    scheme: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = parse_source(f"{scheme}://user:s3cret@127.0.0.1:{free_port()}/v?token=s3cret")
    with pytest.raises(SourceError, match=r"127\.0\.0\.1") as caught:
        open_source(address)
    out, err = capfd.readouterr()
    told = "".join(traceback.format_exception(caught.value))
    assert "s3cret" not in out + err + caplog.text + told + repr(address)
    assert "user" not in str(caught.value).replace("user name", "")


def test_a_silent_server_is_given_up_in_time() -> None:
    with MjpegServer(silent=True) as server:
        start = time.monotonic()
        with pytest.raises(SourceError, match="cannot be opened"):
            open_source(parse_source(server.url))
        assert time.monotonic() - start < 15  # OpenCV's own time-out is 30 s


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
        start = time.monotonic()
        while source.read() is not None:
            assert time.monotonic() - start < 15
