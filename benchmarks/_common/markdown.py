"""Tables as the README and docs hold them.  Called by the benchmarks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """GitHub Markdown, figures to the right."""
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def page(title: str, about: str, *parts: str) -> str:
    """A heading, what the page shows, and its tables."""
    return "\n".join((f"# {title}\n", f"{about}\n", *parts))


def publish(text: str, out: Path | None) -> None:
    """Print it and, where a file is given, write it there."""
    sys.stdout.write(text)
    if out:
        out.write_text(text, "utf-8")
