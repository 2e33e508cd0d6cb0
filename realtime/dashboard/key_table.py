"""What each key does: the one table of keys, for the reader, the footer and the help page.

A key is a character, or the name of one that sends an escape sequence (`keys.NAMED`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """What a key asks of the program."""

    QUIT = "quit"
    REST = "rest"  # learn the face at rest again
    MARKER = "marker"  # note this moment in the session
    PAUSE = "pause"  # pause, or go on
    WITHDRAW = "withdraw"  # consent: keep nothing more
    MORE_ALARMS = "higher target rate"
    FEWER_ALARMS = "lower target rate"


@dataclass(frozen=True, slots=True)
class KeyCommand:
    """A key that was pressed, as the program takes it."""

    action: Action
    t_ns: int  # monotonic, when it was pressed; of a text, when it was begun
    label: str = ""  # of a marker: the digit that was pressed, or the text that was typed


class ViewKey(Enum):
    """What a key asks of the screen; nothing of it reaches the program."""

    HELP = "help"
    ENGINE = "engine and stage times"
    FILTER = "hide rejected"
    UP = "up"
    DOWN = "down"
    PAGE_UP = "page up"
    PAGE_DOWN = "page down"
    FIRST = "first"
    LAST = "last"
    DETAIL = "detail"
    BACK = "back"


PROGRAM_KEYS: dict[str, Action] = {
    "q": Action.QUIT,
    "p": Action.PAUSE,
    "r": Action.REST,
    "w": Action.WITHDRAW,
    "m": Action.MARKER,  # its text follows
    **dict.fromkeys("123456789", Action.MARKER),
    "+": Action.MORE_ALARMS,
    "=": Action.MORE_ALARMS,  # the same key without shift
    "-": Action.FEWER_ALARMS,
}
VIEW_KEYS: dict[str, ViewKey] = {
    "?": ViewKey.HELP,
    "i": ViewKey.ENGINE,
    "f": ViewKey.FILTER,
    "up": ViewKey.UP,
    "k": ViewKey.UP,
    "down": ViewKey.DOWN,
    "j": ViewKey.DOWN,
    "page up": ViewKey.PAGE_UP,
    "page down": ViewKey.PAGE_DOWN,
    "home": ViewKey.FIRST,
    "end": ViewKey.LAST,
    "enter": ViewKey.DETAIL,
    "escape": ViewKey.BACK,
}

# Keys as they are shown, with what they do: the short line at the foot, and the page of `?`.
FOOTER = (
    ("?", "help"),
    ("q", "quit"),
    ("p", "pause"),
    ("m", "marker"),
    ("f", "filter"),
    ("+/-", "target"),
    ("r", "rest"),
    ("i", "engine"),
)
HELP = (
    ("q", "quit: the session is closed and summed up"),
    ("p", "pause, or go on; nothing is judged meanwhile"),
    ("w", "withdraw consent: nothing more is kept; the session stays or goes as agreed"),
    ("r", "learn the face at rest again; takes two seconds"),
    ("m", "set a marker: type a text, Enter sets it, Esc leaves it"),
    ("1 … 9", "set a marker with this number"),
    ("+ -", "higher or lower target false-alarm rate, from now on"),
    ("↑ ↓", "select an event; also k and j, Page Up, Page Down, Home, End"),
    ("Enter", "times, regions and stills of the selected event; Esc goes back"),
    ("f", "hide or show what was rejected"),
    ("i", "engine, recorder, frames and stage times"),
    ("?", "this page, and back"),
)
