"""Which texts are an address, and that none of them shows a secret."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path

import numpy as np
import pytest

from realtime.capture.address import parse_source, printable, wanted_address
from realtime.capture.source import SourceKind
from realtime.errors import SourceRefused


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("0", SourceKind.CAMERA, "camera 0"),
        ("12", SourceKind.CAMERA, "camera 12"),
        ("rtsp://cam.local/live", SourceKind.STREAM, "rtsp://cam.local/live"),
        ("rtsps://u:s3cret@cam.local:322/a", SourceKind.STREAM, "rtsps://cam.local:322/a"),
        ("http://u:s3cret@[::1]:80/v", SourceKind.STREAM, "http://[::1]:80/v"),
        ("https://cam/v?token=s3cret#s3cret", SourceKind.STREAM, "https://cam/v"),
        ("HTTP://s3cret@CAM/v", SourceKind.STREAM, "http://cam/v"),
    ],
)
def test_allowed(text: str, kind: SourceKind, shown: str) -> None:
    address = parse_source(text)
    assert address.kind is kind
    assert printable(address) == shown
    assert "s3cret" not in f"{address!r} {address}"


@pytest.mark.parametrize(
    "password",
    [
        *("p@ss", "p:ss", "p%40ss", "p/ss", "p?ss", "p#ss", "p;ss", "p=ss", "p'ss", 'p"ss'),
        *("pässwörd", "12/34", "1234?5", "p&ss", "p\\ss", "p ss", "[p]ss", "℀pss", "p%2Fss"),
    ],
)
def test_no_shape_of_password_is_shown_or_kept_in_a_message(password: str) -> None:
    told, behind = _what_is_told(f"rtsp://operator:{password}@camera.local/live?key={password}")
    assert behind is None  # the message of an error behind ours would quote the address
    assert "operator" not in told
    for part in re.split(r"[@:/?#;=]", password):
        assert len(part) < 3 or part not in told
    assert password not in told


def _what_is_told(url: str) -> tuple[str, BaseException | None]:
    """Every text made of the address or its refusal, and the error behind the refusal."""
    try:
        address = parse_source(url)
    except SourceRefused as refusal:
        return f"{refusal} {refusal!r}", refusal.__context__
    return f"{address!r} {address} {printable(address)}", None


def test_an_account_in_the_path_is_hidden() -> None:
    address = parse_source("rtsp://cam/user=admin&password=s3cret&channel=1/stream.sdp")
    assert printable(address) == "rtsp://cam/…"


def test_files_and_folders(tmp_path: Path) -> None:
    film = tmp_path / "a film.mp4"
    film.touch()
    assert parse_source(str(film)).path == film
    assert parse_source(str(film)).kind is SourceKind.FILE
    assert parse_source(str(tmp_path)).kind is SourceKind.FOLDER
    with pytest.raises(ValueError, match="not a camera"):
        _ = parse_source(str(tmp_path)).index


@pytest.mark.parametrize(
    "text",
    [
        "",
        "concat:a|b",
        "subfile,,start,0,end,9,,:a",
        "file:a.mp4",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "pipe:0",
        "pipe:",
        "async:http://a",
        "http:a",
        "rtsp:",
        "ftp://cam/v",
        "udp://127.0.0.1:5000",
        "-1",
        "--help",
        "srt://cam:1/v",
        "interview: take 1.mp4",
        "0x1",
        "1.0",
        "+1",
        "٣",
        "0\n",
        "a\0b",
        "rtsp://cam/\x1b[2J",
        "rtsp://cam/" + "a" * 2048,
        "a" * 300,
        "no-such-file.mp4",
        "http://",
        "http://:80/v",
        "http://cam:port/v",
        "http://u:s3cret@cam:port/v",
        "rtsp://u:s3cret/more@cam/v",
        "rtsp://u:s3cret#x@cam/v",
        "rtsp:/u:s3cret@cam/v",
        "rtps://u:s3cret@cam/v",
        "ftp://cam?token=s3cret",
    ],
)
def test_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(SourceRefused, match="allowed: a camera number") as caught:
        parse_source(text)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("name", ["file:a", "Data: day 1.mp4", "subfile,,a", "pipe,b.mp4"])
def test_a_name_that_is_also_a_protocol_is_refused_and_told_how_to_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(SourceRefused, match=r"is written \./"):
        parse_source(name)
    assert parse_source(f"./{name}").path == Path(name)


@pytest.mark.parametrize(
    "name",
    [
        "Screen Recording 2026-11-29 at 3.05.12\u202fPM.mov",
        "a\u00a0b.mp4",
        "\U0001f600.mp4",
        "\u05d0\u200f.mp4",
        "Smith, John.mp4",
        "Interview: take 1.mp4",
        "12:30:00.mp4",
        "50 %d of 3.mp4",
        "-film.mp4",
        "--seconds",
        "film[1]?*.mp4",
        "100%.mp4",
        "x" * 251 + ".mp4",
        os.fsdecode("caf\u00e9.mp4".encode("latin-1")),
        "006",
        "0",
    ],
)
@pytest.mark.parametrize("kind", [SourceKind.FILE, SourceKind.FOLDER])
def test_names_as_people_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: SourceKind
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        Path(name).mkdir() if kind is SourceKind.FOLDER else Path(name).touch()
    except OSError:
        pytest.skip("the file system has no such names")
    address = parse_source(name)
    assert address.kind is kind
    assert address.path == Path(name)
    printable(address).encode()


def test_a_camera_is_a_camera_whatever_files_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("0").mkdir()
    assert wanted_address(None, 0).kind is SourceKind.CAMERA
    assert wanted_address("0", None).kind is SourceKind.FOLDER
    assert wanted_address("1", None).index == 1


@pytest.mark.parametrize("text", ["frames/img%04d.png", "frames/%d.jpg", "a/*.png", "im[0-9].png"])
def test_patterns_of_pictures(text: str) -> None:
    assert parse_source(text).kind is SourceKind.FOLDER


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceRefused, match="neither"):
        parse_source(str(tmp_path / "pipe"))


def test_of_ten_thousand_strings_only_the_grammar_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.mp4").touch()
    parts = ["concat:", "subfile,,start,0,,:", "file:", "pipe:", "film.mp4", "http://", "rtsp://"]
    parts += ["cam", "a:b@", "..", "/", ";", "|", "\n", "\0", "%d", "*", "-", "0", "7", "64", "é"]
    rng, passed = np.random.default_rng(0), set()
    for _ in range(10_000):
        text = "".join(rng.choice(parts, rng.integers(1, 6)))
        try:
            address = parse_source(text)
        except SourceRefused:
            continue
        passed.add(address.kind)
        if address.kind is SourceKind.STREAM:
            assert text.startswith(("http://", "rtsp://"))
        elif address.kind is SourceKind.CAMERA:
            assert text.isdecimal()
        else:
            assert address.path.exists() or set("*%") & set(text)  # a pattern of pictures
    assert {SourceKind.STREAM, SourceKind.CAMERA, SourceKind.FILE} <= passed
