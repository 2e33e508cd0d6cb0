"""What the user has chosen to see: page, selected event, filter.  Keys change it, nothing else.

Pure; lives on the screen's side alone, so that a key never waits for the analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from realtime.dashboard.key_table import ViewKey
from realtime.event import Event


class Page(Enum):
    MAIN = "main"
    HELP = "help"
    ENGINE = "engine"
    DETAIL = "detail"


@dataclass(frozen=True, slots=True)
class View:
    page: Page = Page.MAIN
    selected: str | None = None  # id of an event
    hides_rejected: bool = False


INITIAL = View()

_PAGES = {ViewKey.HELP: Page.HELP, ViewKey.ENGINE: Page.ENGINE, ViewKey.DETAIL: Page.DETAIL}
_STEP_ROWS = 5  # of a page key


def listed(events: Sequence[Event], view: View) -> tuple[Event, ...]:
    """Flagged first, newest first; without what was rejected, where that is filtered."""
    flagged = [event for event in reversed(events) if event.kind == "micro"]
    others = [event for event in reversed(events) if event.kind != "micro"]
    return (*flagged, *(() if view.hides_rejected else others))


def chosen(events: Sequence[Event], view: View) -> Event | None:
    """The selected event, as it is now."""
    return next((event for event in events if event.id == view.selected), None)


def pressed(view: View, key: ViewKey, events: Sequence[Event]) -> View:
    """The view after a key.

    Args:
        events: all that the status holds.
    """
    match key:
        case ViewKey.BACK:
            back = view.page is not Page.MAIN
            return replace(view, page=Page.MAIN) if back else replace(view, selected=None)
        case ViewKey.FILTER:
            return replace(view, hides_rejected=not view.hides_rejected)
        case ViewKey.HELP | ViewKey.ENGINE | ViewKey.DETAIL:
            if view.page is _PAGES[key]:
                return replace(view, page=Page.MAIN)
            if key is ViewKey.DETAIL and chosen(events, view) is None:
                view = _moved(view, 0, events)
                if view.selected is None:
                    return view
            return replace(view, page=_PAGES[key])
        case ViewKey.UP:
            return _moved(view, -1, events)
        case ViewKey.DOWN:
            return _moved(view, 1, events)
        case ViewKey.PAGE_UP:
            return _moved(view, -_STEP_ROWS, events)
        case ViewKey.PAGE_DOWN:
            return _moved(view, _STEP_ROWS, events)
        case ViewKey.FIRST:
            return _moved(view, -len(events), events)
        case ViewKey.LAST:
            return _moved(view, len(events), events)


def _moved(view: View, by: int, events: Sequence[Event]) -> View:
    """The first key selects the first row; later ones move by rows."""
    ids = [event.id for event in listed(events, view)]
    if not ids:
        return replace(view, selected=None)
    if view.selected not in ids:
        return replace(view, selected=ids[-1] if by == len(events) else ids[0])
    place = min(max(ids.index(view.selected) + by, 0), len(ids) - 1)
    return replace(view, selected=ids[place])


def rows_around(count: int, selected: int | None, rows: int) -> range:
    """Which of `count` rows are shown in `rows`, so that the selected one is in view."""
    first = 0 if selected is None else max(0, selected - rows + 1)
    return range(first, min(count, first + rows))
