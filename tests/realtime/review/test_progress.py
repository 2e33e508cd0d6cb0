"""Work that takes long says how far it is, on a terminal and in a file."""

import io
from itertools import count

import pytest

from realtime.review.progress import tracked


@pytest.mark.parametrize(
    ("step_s", "said"),
    [(0.1, ""), (1.0, "films: 1 of 5\nfilms: 3 of 5\n"), (3.0, None)],
)
def test_lines_come_every_two_seconds(step_s, said):
    stream, now = io.StringIO(), count(0.0, step_s)
    assert list(tracked("abcde", "films", stream=stream, now_s=lambda: next(now))) == list("abcde")
    if said is None:
        assert stream.getvalue().splitlines()[-1] == "films: 4 of 5"
    else:
        assert stream.getvalue() == said


def test_a_terminal_gets_a_bar():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    assert list(tracked("abc", "films", stream=stream)) == list("abc")
    assert "films" in stream.getvalue()
    assert "100%" in stream.getvalue()
