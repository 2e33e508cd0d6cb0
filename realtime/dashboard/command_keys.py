"""Keys become commands of the program, and `m` begins the text of a marker.

Pure but for the text that is being typed and the commands that wait.  `press` is called on the
thread that reads the keyboard, `taken` by the program.
"""

from __future__ import annotations

from collections import deque

from realtime.dashboard.key_table import PROGRAM_KEYS, Action, KeyCommand

MAX_LABEL = 100  # characters of a marker's text

_HELD = 64  # commands until the program takes them; older ones are dropped
_BACKSPACE, _CLEAR = "\x7f\b", "\x15"  # clear: Ctrl-U


class CommandKeys:
    """Keys in, commands out.

    Attributes:
        text: of the marker that is being typed; None: none is.
    """

    def __init__(self) -> None:
        self.text: str | None = None
        self._begun_ns = 0
        self._commands: deque[KeyCommand] = deque(maxlen=_HELD)

    def press(self, key: str, t_ns: int) -> bool:
        """Take the name of a key that was pressed at a monotonic time; False: it is none of ours.

        While a text is typed, every key is.
        """
        if self.text is not None:
            self._type(key, self.text)
            return True
        action = PROGRAM_KEYS.get(key.lower())
        if action is Action.MARKER and not key.isdigit():
            self.text, self._begun_ns = "", t_ns
        elif action is not None:
            self._commands.append(KeyCommand(action, t_ns, key if key.isdigit() else ""))
        return action is not None

    def taken(self) -> tuple[KeyCommand, ...]:
        """Every command that waits, in order."""
        return tuple(self._commands.popleft() for _ in range(len(self._commands)))

    def _type(self, key: str, text: str) -> None:
        if key == "enter":
            self.text = None
            self._commands.append(KeyCommand(Action.MARKER, self._begun_ns, text.strip()))
        elif key == "escape":
            self.text = None
        elif key in _BACKSPACE:
            self.text = text[:-1]
        elif key == _CLEAR:
            self.text = ""
        elif len(key) == 1 and key.isprintable():
            self.text = (text + key)[:MAX_LABEL]
