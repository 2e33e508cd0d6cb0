"""Which pictures of a folder belong together, in which order, and the time of each.

Used by `ImageFolder`.  Natural order: "img2" before "img10".  Pictures that differ by their
number alone stand at that number: one that is missing leaves its gap.  A pattern chooses some of
a folder's pictures, as for FFmpeg: "img%04d.png", "*.png".
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from realtime.capture.address import is_pattern, printable_path
from realtime.errors import SourceError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
FILM_SUFFIXES = {
    *(".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg"),
    *(".3gp", ".wmv", ".flv", ".mxf", ".ogv", ".nut"),
}

_PRINTF = re.compile(r"%0?([0-9]*)d")
_LAST_NUMBER = re.compile(r"([0-9]+)(?=[^0-9]*$)")


def pictures(path: Path) -> list[Path]:
    """The pictures of a folder, or of a pattern, in natural order; not empty.

    Raises:
        SourceError: there are none, or the folder cannot be listed; for a folder of films the error
            names the command that analyses it.
    """
    folder, matches = (path, None) if path.is_dir() else (path.parent, _matcher(path.name))
    try:
        files = [f for f in folder.iterdir() if matches is None or matches.fullmatch(f.name)]
        files = [f for f in files if not f.name.startswith(".") and f.is_file()]
    except OSError as error:
        raise SourceError(f"{printable_path(folder)} cannot be listed: {error.strerror}") from None
    # sorted before, so that "1.png" and "01.png" have an order too
    found = sorted(f for f in files if f.suffix.lower() in SUFFIXES)
    if found:
        from natsort import natsorted, ns  # only folders of pictures need it

        return natsorted(found, key=lambda file: file.name, alg=ns.IGNORECASE)
    name = printable_path(path)
    films = sum(f.suffix.lower() in FILM_SUFFIXES for f in files)
    if films:
        what = "a film" if films == 1 else f"{films} films"
        raise SourceError(
            f"{name} holds {what} and no picture: "
            f"fleeting batch '{printable_path(folder)}' analyses every film of a folder"
        )
    raise SourceError(f"{name} holds no picture ({', '.join(sorted(SUFFIXES))})")


def places(files: Sequence[Path]) -> list[int]:
    """Where each picture stands, in frames from the first.

    The last number in the names counts if nothing else in them differs, and its steps are whole
    multiples of the commonest; otherwise, for instance where it is a time, the order counts.
    """
    in_order = list(range(len(files)))
    numbers = [_LAST_NUMBER.search(file.stem) for file in files]
    frames = {
        (file.stem[: number.start()], file.stem[number.end() :])
        for file, number in zip(files, numbers, strict=True)
        if number is not None
    }
    if len(frames) != 1 or None in numbers:
        return in_order
    counted = [int(number[1]) for number in numbers if number is not None]
    steps = [after - before for before, after in pairwise(counted)]
    if not steps or min(steps) <= 0:
        return in_order
    step = math.gcd(*steps)
    if steps.count(step) * 2 < len(steps):
        return in_order
    return [(number - counted[0]) // step for number in counted]


def _matcher(name: str) -> re.Pattern[str]:
    if not is_pattern(name):
        raise SourceError(f"{printable_path(name)} is neither a folder nor a pattern of pictures")
    if _PRINTF.search(name) is None:
        return re.compile(fnmatch.translate(name))
    literal = re.split(r"%0?[0-9]*d", name)
    digits = [rf"[0-9]{{{width or 1},}}" for width in _PRINTF.findall(name)]
    parts = [re.escape(text) for text in literal]
    return re.compile("".join(a + b for a, b in zip(parts, [*digits, ""], strict=True)))
