"""Pictures in a terminal's own graphics: kitty's protocol, iTerm2's, or sixel.

A terminal is asked (`QUESTION`); its replies come with the keys.  One that does not reply gets
block characters.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.dashboard.halfblock import fit
from realtime.dashboard.pictures import PlacedPicture

# Whether kitty's graphics are known, then the device attributes, of which 4 is sixel.
QUESTION = "\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c"
USUAL_CELL_PX = (10, 20)  # width, height, where the terminal does not say

_SIXEL = "4"
_CHUNK = 4096  # characters of one piece in kitty's protocol
_MOST_PX = 480  # along a side; more is not seen and takes long over a network
_JPEG_QUALITY = 85
_LEVELS = (6, 7, 6)  # of red, green, blue: 252 colours of the 256 that a terminal has


class Graphics(Enum):
    KITTY = "kitty"
    ITERM2 = "iTerm2"
    SIXEL = "sixel"


def stated(environment: Mapping[str, str]) -> Graphics | None:
    """What is known without asking: iTerm2 names itself.  A multiplexer hides it."""
    own = environment.get("TERM_PROGRAM") == "iTerm.app" or (
        environment.get("LC_TERMINAL") == "iTerm2"
    )
    within = "TMUX" in environment or environment.get("TERM", "").startswith("screen")
    return Graphics.ITERM2 if own and not within else None


def replied(reply: str, known: Graphics | None) -> Graphics | None:
    """What is known after a reply to `QUESTION`; kitty's own comes first and stays."""
    if known is not None:
        return known
    if reply.startswith("\x1b_G"):
        return Graphics.KITTY if reply.endswith(";OK\x1b\\") else None
    attributes = reply.removeprefix("\x1b[?").removesuffix("c").split(";")
    return Graphics.SIXEL if _SIXEL in attributes[1:] else None


def drawn(picture: PlacedPicture, graphics: Graphics, number: int, cell_px: tuple[int, int]) -> str:
    """Escape codes that put the picture into its cells.

    Args:
        number: from 1; the same picture at the same place is replaced without a flicker.
    """
    cursor = f"\x1b[{picture.row + 1};{picture.column + 1}H"
    width, height = picture.columns * cell_px[0], picture.rows * cell_px[1]
    match graphics:
        case Graphics.KITTY:
            image = fit(picture.image, min(width, _MOST_PX), min(height, _MOST_PX))
            return cursor + _kitty(image, picture, number)
        case Graphics.ITERM2:
            image = fit(picture.image, min(width, _MOST_PX), min(height, _MOST_PX))
            return cursor + _iterm2(image, picture)
        case Graphics.SIXEL:
            return cursor + _sixel(fit(picture.image, width, height))


def cleared(graphics: Graphics) -> str:
    """Escape codes that remove every picture that text does not overwrite."""
    return "\x1b_Ga=d,d=A,q=2\x1b\\" if graphics is Graphics.KITTY else ""


def _kitty(image: NDArray[np.uint8], place: PlacedPicture, number: int) -> str:
    data = base64.b64encode(cv2.imencode(".png", image)[1].tobytes()).decode()
    pieces = [data[k : k + _CHUNK] for k in range(0, len(data), _CHUNK)]
    first = (
        f"a=T,f=100,i={number},p=1,q=2,C=1,c={place.columns},r={place.rows},"
        f"m={int(len(pieces) > 1)}"
    )
    parts = [f"\x1b_G{first};{pieces[0]}\x1b\\"]
    for k, piece in enumerate(pieces[1:], start=2):
        parts.append(f"\x1b_Gq=2,m={int(k < len(pieces))};{piece}\x1b\\")
    return "".join(parts)


def _iterm2(image: NDArray[np.uint8], place: PlacedPicture) -> str:
    encoded = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))[1]
    data = base64.b64encode(encoded.tobytes()).decode()
    shape = f"width={place.columns};height={place.rows};preserveAspectRatio=1"
    return f"\x1b]1337;File=inline=1;doNotMoveCursor=1;{shape}:{data}\x07"


def _sixel(image: NDArray[np.uint8]) -> str:
    """Bands of six rows; in each, one line for every colour in it."""
    levels = np.array(_LEVELS)
    rgb = image[:, :, ::-1].astype(np.int64)
    steps = (rgb * (levels - 1) + 127) // 255  # (h, w, 3)
    colours = steps @ np.array([levels[1] * levels[2], levels[2], 1])  # (h, w)
    height, width = colours.shape
    parts = [f'\x1bPq"1;1;{width};{height}']
    for colour in np.unique(colours).tolist():
        red, rest = divmod(colour, int(levels[1] * levels[2]))
        shares = zip((red, *divmod(rest, int(levels[2]))), _LEVELS, strict=True)
        parts.append(f"#{colour};2;" + ";".join(f"{round(100 * v / (n - 1))}" for v, n in shares))
    for top in range(0, height, 6):
        band = colours[top : top + 6]  # (up to 6, w)
        weights = 1 << np.arange(len(band))
        lines = []
        for colour in np.unique(band).tolist():
            bits = (weights[:, None] * (band == colour)).sum(axis=0)  # (w,)
            lines.append(f"#{colour}{_run_lengths(bits)}")
        parts.append("$".join(lines) + "-")
    return "".join(parts) + "\x1b\\"


def _run_lengths(bits: NDArray[np.int64]) -> str:
    starts = np.flatnonzero(np.diff(bits, prepend=-1))
    lengths = np.diff(starts, append=len(bits))
    return "".join(
        f"!{n}{chr(63 + bits[at])}" if n > 3 else chr(63 + bits[at]) * n
        for at, n in zip(starts.tolist(), lengths.tolist(), strict=True)
    )
