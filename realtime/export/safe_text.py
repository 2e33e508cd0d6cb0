"""Text from outside (labels, file names, reasons) made fit for a file that others read.

And how a number of things is said.
"""

from __future__ import annotations

from html import escape  # XML's own imports sockets and TLS

_FORMULA = ("=", "+", "-", "@")


def one_line(text: str) -> str:
    """Without control characters: tabs and line ends are blanks, others question marks."""
    blank = "".join(" " if c in "\t\r\n\v\f\x85\u2028\u2029" else c for c in text)
    return "".join(c if c == " " or c.isprintable() else "?" for c in blank)


def counted(number: int, thing: str) -> str:
    """`1 session`, `2 sessions`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def xml_text(text: str) -> str:
    """Content of an XML element: one line, and nothing that XML forbids."""
    return escape(one_line(text), quote=False)


def csv_cell(text: str) -> str:
    """One line that no spreadsheet takes for a formula: a quote stands before one."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line
