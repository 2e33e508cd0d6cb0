"""What typed keys ask of the program."""

from __future__ import annotations

import pytest

from realtime.dashboard.command_keys import MAX_LABEL, CommandKeys
from realtime.dashboard.key_table import Action, KeyCommand


def taken(*keys: str) -> list[tuple[Action, str]]:
    commands = CommandKeys()
    for key in keys:
        commands.press(key, 0)
    return [(command.action, command.label) for command in commands.taken()]


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ((*"mface", "enter"), "face"),
        (("M", "enter"), ""),
        ((*"mqrp 1+", "enter"), "qrp 1+"),  # no command, no digit while a text is typed
        ((*"mab", "\x7f", "c", "enter"), "ac"),
        ((*"mab", "\x15", "c", "enter"), "c"),
        ((*"ma", "up", "b", "\x00", "enter"), "ab"),
        ((*"m  Frage: ärger?  ", "enter"), "Frage: ärger?"),
        ((*("m" + "x" * 2 * MAX_LABEL), "enter"), "x" * MAX_LABEL),
        (("7",), "7"),
    ],
)
def test_a_marker_has_its_text(keys: tuple[str, ...], label: str) -> None:
    assert taken(*keys) == [(Action.MARKER, label)]


def test_escape_leaves_the_text_and_keys_are_commands_again() -> None:
    assert taken(*"mabc", "escape", "q") == [(Action.QUIT, "")]


def test_a_marker_has_the_time_at_which_its_text_was_begun() -> None:
    commands = CommandKeys()
    assert [commands.press(key, t_ns) for key, t_ns in (("m", 5), ("q", 70), ("enter", 900))] == (
        [True] * 3
    )
    assert commands.press("2", 950)
    assert not commands.press("x", 960)
    assert commands.taken() == (
        KeyCommand(Action.MARKER, 5, "q"),
        KeyCommand(Action.MARKER, 950, "2"),
    )
    assert commands.text is None
