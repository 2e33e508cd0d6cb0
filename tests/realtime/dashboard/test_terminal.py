"""The dashboard in a real terminal: what it shows, and that the terminal comes back."""

from __future__ import annotations

import signal
import sys
import termios

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from tests.realtime.dashboard.terminal import Terminal

TAKE, GIVE_BACK = b"\x1b[?1049h", b"\x1b[?1049l"
SIZES = ((80, 24), (160, 45))


def assert_given_back(terminal: Terminal) -> None:
    assert terminal.mode() == terminal.mode_before
    assert not terminal.screen.cursor.hidden
    assert terminal.raw.count(TAKE) >= 1
    assert terminal.raw.rindex(GIVE_BACK) > terminal.raw.rindex(TAKE)


@pytest.mark.parametrize("size", SIZES)
def test_shows_state_signal_events_and_keys(size: tuple[int, int]) -> None:
    with Terminal(*size, "auto", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE", "the signal is good", "● ENGINE", "q  quit")
        row = next(line for line in terminal.text.split("\n") if "0006" in line)
        assert row.split("0006")[1].split()[:5] == ["1:22.4", "micro", "93", "%", "positive†"]
        assert "▀" in terminal.text
        assert terminal.screen.cursor.hidden
        assert not terminal.mode()[3] & (termios.ICANON | termios.ECHO)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("scene", "headline"), [("lost", "SOURCE LOST"), ("frozen", "FROZEN")])
def test_trouble_is_red_across_the_screen(size: tuple[int, int], scene: str, headline: str) -> None:
    with Terminal(*size, "live", scene, "quit").watch() as terminal:
        terminal.until_shown(headline, "reconnecting")
        assert terminal.cell("reconnecting").bg == "red"
        row = next(i for i, line in enumerate(terminal.screen.display) if "reconnecting" in line)
        assert all(terminal.screen.buffer[row][x].bg == "red" for x in range(size[0]))


def test_twenty_columns_are_enough_for_the_state() -> None:
    with Terminal(20, 10, "auto", "lost", "quit").watch() as terminal:
        terminal.until_shown("SOURCE LOST", "3 flagged")
        terminal.type("q")
        assert terminal.ended() == 0
        assert_given_back(terminal)


def test_keys_arrive_as_commands_in_order_and_arrows_do_not() -> None:
    with Terminal(80, 24, "auto", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE")
        terminal.until_told("open")
        terminal.type("\x1bOp\x1b[Ar\x1b[15~xM\r")  # the keypad's 0, up, r, F5, x, M, Enter
        terminal.until_told("marker")
        terminal.type("p37+=-")
        terminal.until_told("lower target rate")
        terminal.type("q")
        terminal.until_told("closed")
        lines = terminal.news.splitlines()
        told = [line for line in lines if line not in ("open", "shown", "closed")]
        assert told == [
            *("rest", "marker", "pause", "marker 3", "marker 7"),
            *("higher target rate", "higher target rate", "lower target rate", "quit"),
        ]


def test_the_text_of_a_marker_shows_while_it_is_typed() -> None:
    with Terminal(80, 24, "auto", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE", "q  quit")
        terminal.type("mQuestion 2: größer")
        terminal.until_shown("marker  Question 2: größer▏", "Enter sets it, Esc leaves it")
        terminal.type("\r")
        terminal.until_told("marker Question 2: größer")
        terminal.type("q")
        assert terminal.ended() == 0


def test_given_back_after_q() -> None:
    with Terminal(80, 24, "auto", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE")
        terminal.type("q")
        assert terminal.ended() == 0
        assert_given_back(terminal)


def test_given_back_after_an_error_in_the_block_whose_traceback_is_readable() -> None:
    with Terminal(80, 24, "auto", "well", "error").watch() as terminal:
        assert terminal.ended() == 1
        assert_given_back(terminal)
        assert b"something broke in the block" in terminal.raw[terminal.raw.rindex(GIVE_BACK) :]


def test_given_back_after_sigterm() -> None:
    with Terminal(80, 24, "auto", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE")
        terminal.child.send_signal(signal.SIGTERM)
        assert terminal.ended() == 128 + signal.SIGTERM
        assert_given_back(terminal)


def test_goes_on_in_plain_lines_when_drawing_fails() -> None:
    with Terminal(120, 30, "auto", "well", "drawing").watch() as terminal:
        terminal.until(lambda: b"LIVE 29.9 fps" in terminal.raw, "a plain line")
        assert b"going on with plain lines" in terminal.raw
        terminal.type("q")
        assert terminal.ended() == 0
        assert_given_back(terminal)


@pytest.mark.parametrize("kind", ["live", "plain"])
def test_a_terminal_nobody_reads_blocks_neither_show_nor_the_end(kind: str) -> None:
    with Terminal(160, 45, kind, "well", "count") as terminal:
        terminal.until_told("shown")
        terminal.until_told("closed")
        assert terminal.ended() == 0
        assert terminal.mode() == terminal.mode_before


def test_ctrl_s_is_lifted_to_give_the_terminal_back() -> None:
    with Terminal(80, 24, "live", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE")
        terminal.type("\x13")
        terminal.type("q")
        assert terminal.ended() == 0
        assert_given_back(terminal)


def test_follows_a_new_size() -> None:
    with Terminal(160, 45, "live", "well", "quit").watch() as terminal:
        terminal.until_shown("─ signal ─")
        terminal.resize(80, 24)
        terminal.until(
            lambda: "q  quit" in terminal.screen.display[23], "the footer in the last row"
        )


def test_follows_a_storm_of_new_sizes() -> None:
    sizes = ((200, 50), (60, 20), (120, 35), (20, 8), (100, 30), (1, 1), (80, 24), (5, 40))
    with Terminal(160, 45, "live", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE")
        for k in range(100):
            terminal.resize(*sizes[k % len(sizes)])
        for columns, rows in ((100, 30), (60, 20), (80, 24)):
            terminal.resize(columns, rows)
            terminal.until(
                lambda last=rows - 1: (
                    "FLEETING" in terminal.line(0)
                    and "brows" in terminal.text
                    and "q  quit" in terminal.line(last)
                ),
                "the header in the first row and the footer in the last",
            )
        terminal.type("q")
        assert terminal.ended() == 0
        assert_given_back(terminal)


MAIN = "─ 3 flagged"
STEPS = (  # keys, what they show, what goes
    ("?", "keys and marks", MAIN),
    ("?", MAIN, "keys and marks"),
    ("i", "stage times", MAIN),
    ("\x1b", MAIN, "stage times"),
    ("f", "2 rejected hidden", "0005"),
    ("F", "0005", "2 rejected hidden"),
    ("\x1b[B", ">▲ 0006", ">▲ 0003"),
    ("\x1bOB", ">▲ 0003", ">▲ 0006"),
    ("jjk", ">▲ 0001", ">▲ 0003"),
    ("\x1b[F", ">· 0002", ">▲ 0001"),
    ("\x1b[5~", ">▲ 0006", ">· 0002"),
    ("\x1b[6~", ">· 0002", ">▲ 0006"),
    ("\x1b[H", ">▲ 0006", ">· 0002"),
    ("\r", "event 0006", MAIN),
    ("\x1b[A\x1b[B", "event 0003", "event 0006"),
    ("\r", MAIN, "event 0003"),
)


def test_each_key_of_the_screen_is_seen_and_none_reaches_the_program() -> None:
    with Terminal(80, 24, "live", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE", MAIN, "0005")
        for keys, shown, gone in STEPS:
            terminal.type(keys)
            terminal.until_changed(shown, gone)
        terminal.type("q")
        terminal.until_told("closed")
        told = [line for line in terminal.news.splitlines() if line]
        assert told == ["open", "quit", "shown", "closed"]


KITTY, SIXEL = b"\x1b_Gi=1;OK\x1b\\\x1b[?62;c", b"\x1b[?62;4;22c"


@pytest.mark.parametrize(
    ("reply", "begins", "ends"),
    [(KITTY, b"\x1b_Ga=T", b"\x1b\\"), (SIXEL, b"\x1bPq", b"\x1b\\")],
)
def test_the_face_comes_in_the_graphics_of_a_terminal_that_has_them(
    reply: bytes, begins: bytes, ends: bytes
) -> None:
    with Terminal(80, 24, "live", "well", "quit", reply=reply).watch() as terminal:
        terminal.until(lambda: terminal.raw.count(begins) >= 2, "two pictures")
        terminal.until(lambda: "▀" not in terminal.text, "no block characters any more")
        assert ends in terminal.raw[terminal.raw.index(begins) :]
        assert "brows" in terminal.text
        terminal.type("?")
        terminal.until_shown("keys and marks")
        terminal.type("q")
        assert terminal.ended() == 0
        assert_given_back(terminal)


def test_a_terminal_without_colour_is_not_asked_for_graphics() -> None:
    with Terminal(80, 24, "live", "well", "quit", NO_COLOR="1").watch() as terminal:
        terminal.until_shown("LIVE", "brows")
        assert b"\x1b_G" not in terminal.raw


def test_takes_the_terminal_again_after_a_shell_had_it() -> None:
    with Terminal(80, 24, "live", "well", "quit").watch() as terminal:
        terminal.until_shown("LIVE")
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.mode_before)
        terminal.until(lambda: terminal.raw.count(TAKE) >= 2, "the screen taken again")
        assert not terminal.mode()[3] & (termios.ICANON | termios.ECHO)
        terminal.type("q")
        assert terminal.ended() == 0
        assert_given_back(terminal)


def test_no_color_is_respected() -> None:
    with Terminal(80, 24, "live", "lost", "quit", NO_COLOR="1").watch() as terminal:
        terminal.until_shown("SOURCE LOST", "q  quit")
        banner = terminal.cell("SOURCE LOST")
        assert banner.reverse
        cells = [terminal.screen.buffer[y][x] for y in range(24) for x in range(80)]
        assert {(c.fg, c.bg) for c in cells} == {("default", "default")}


def test_eight_colours_are_enough() -> None:
    with Terminal(80, 24, "auto", "well", "quit", TERM="xterm", COLORTERM="").watch() as terminal:
        terminal.until_shown("LIVE", "q  quit")
        assert "▒" in terminal.text
        assert terminal.cell(" LIVE ").bg == "green"


def test_a_dumb_terminal_gets_plain_lines() -> None:
    with Terminal(80, 24, "auto", "well", "quit", TERM="dumb").watch() as terminal:
        terminal.until(lambda: b"LIVE 29.9 fps" in terminal.raw, "a plain line")
        assert b"\x1b" not in terminal.raw
        terminal.type("q")
        assert terminal.ended() == 0
        assert terminal.mode() == terminal.mode_before
