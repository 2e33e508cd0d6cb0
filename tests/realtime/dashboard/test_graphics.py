"""Pictures in a terminal's own graphics: each protocol decoded again."""

from __future__ import annotations

import base64
import re

import cv2
import numpy as np
import pytest

from realtime.dashboard.graphics import Graphics, cleared, drawn, replied, stated
from realtime.dashboard.painter import Painter
from realtime.dashboard.pictures import PlacedPicture
from tests.realtime.dashboard.scenes import face_picture, status
from tests.realtime.dashboard.test_layout import Stream

CELL = (10, 20)
PLACE = PlacedPicture(face_picture(150), row=4, column=2, rows=8, columns=16)


def decoded_sixel(code: str) -> np.ndarray:
    """(h, w, 3) RGB of a sixel picture."""
    head, body = re.fullmatch(r"\x1bPq(\"[\d;]+)(.*)\x1b\\", code, re.DOTALL).groups()
    width, height = map(int, head.split(";")[2:])
    image = np.zeros((height, width, 3), np.uint8)
    colours: dict[int, tuple[int, ...]] = {}
    x = top = colour = 0
    for token in re.finditer(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|[$-]", body):
        if token[1]:
            colour = int(token[1])
            if token[2]:
                colours[colour] = tuple(round(2.55 * int(token[k])) for k in (2, 3, 4))
        elif token[0] == "$":
            x = 0
        elif token[0] == "-":
            x, top = 0, top + 6
        else:
            bits = ord(token[6] or token[7]) - 63
            end = x + int(token[5] or 1)
            for k in range(6):
                if bits >> k & 1:
                    image[top + k, x:end] = colours[colour]
            x = end
    return image


def test_kitty_s_picture_is_a_png_in_its_cells() -> None:
    code = drawn(PLACE, Graphics.KITTY, 1, CELL)
    assert code.startswith("\x1b[5;3H\x1b_Ga=T,f=100,i=1,p=1,q=2,C=1,c=16,r=8,m=1;")
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", code)
    assert all(len(data) <= 4096 for _, data in pieces)
    assert [keys.rpartition("m=")[2] for keys, _ in pieces] == ["1"] * (len(pieces) - 1) + ["0"]
    png = base64.b64decode("".join(data for _, data in pieces))
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (160, 160, 3)
    assert "a=d" in cleared(Graphics.KITTY)


def test_iterm2_s_picture_is_a_jpeg_in_its_cells() -> None:
    code = drawn(PLACE, Graphics.ITERM2, 1, CELL)
    keys, data = re.search(r"\x1b\]1337;File=([^:]*):([^\x07]*)\x07", code).groups()
    assert "width=16;height=8" in keys
    image = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (160, 160, 3)


def test_a_sixel_picture_has_the_colours_of_the_face() -> None:
    code = drawn(PLACE, Graphics.SIXEL, 1, CELL).removeprefix("\x1b[5;3H")
    image = decoded_sixel(code)
    wanted = cv2.resize(PLACE.image, (160, 160), interpolation=cv2.INTER_LINEAR)[:, :, ::-1]
    assert image.shape == (160, 160, 3)
    assert np.abs(image.astype(int) - wanted).max() <= 27  # half a step of six levels


@pytest.mark.parametrize(
    ("replies", "known"),
    [
        (["\x1b_Gi=1;OK\x1b\\", "\x1b[?62;4c"], Graphics.KITTY),
        (["\x1b_Gi=1;EINVAL\x1b\\", "\x1b[?62;4;22c"], Graphics.SIXEL),
        (["\x1b[?62;4;22c"], Graphics.SIXEL),
        (["\x1b[?4;22c"], None),  # the first number is the terminal's kind
        (["\x1b[?64;22;44c"], None),
    ],
)
def test_the_replies_of_a_terminal_say_what_it_can(
    replies: list[str], known: Graphics | None
) -> None:
    found = None
    for reply in replies:
        found = replied(reply, found)
    assert found is known


def test_iterm2_names_itself_but_not_through_a_multiplexer() -> None:
    assert stated({"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}) is Graphics.ITERM2
    assert stated({"LC_TERMINAL": "iTerm2", "TERM": "screen-256color"}) is None
    assert stated({"LC_TERMINAL": "iTerm2", "TMUX": "1", "TERM": "tmux-256color"}) is None
    assert stated({"TERM": "xterm-256color"}) is None


@pytest.mark.parametrize("size", [(120, 35), (80, 24)])
def test_text_leaves_the_picture_s_cells_alone(size: tuple[int, int]) -> None:
    lines, pictures = Painter(Stream(), keys=True).lines(status(), size, graphics=True)
    (face,) = pictures
    assert face.row + face.rows <= size[1]
    assert face.column + face.columns <= size[0]
    assert abs(face.columns - 2 * face.rows) <= 2  # a square picture
    for row, line in enumerate(lines):
        inside = face.row <= row < face.row + face.rows
        assert (f"\x1b[{face.columns}C" in line) is inside
        assert "▀" not in line


def test_without_room_for_a_face_there_is_no_picture() -> None:
    _, pictures = Painter(Stream(), keys=True).lines(status(), (60, 20), graphics=True)
    assert pictures == ()
