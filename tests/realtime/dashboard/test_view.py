"""What keys do to the view: selection, pages, filter."""

from realtime.dashboard.key_table import ViewKey
from realtime.dashboard.view import INITIAL, Page, View, listed, pressed, rows_around
from tests.realtime.dashboard.scenes import EVENTS, event


def after(*keys, view=INITIAL, events=EVENTS):
    for key in keys:
        view = pressed(view, key, events)
    return view


def test_arrows_select_in_the_order_that_is_shown_and_stop_at_the_ends():
    ids = [e.id for e in listed(EVENTS, INITIAL)]
    assert ids == ["0006", "0003", "0001", "0005", "0004", "0002"]
    assert after(ViewKey.DOWN).selected == "0006"
    assert after(ViewKey.DOWN, ViewKey.DOWN, ViewKey.DOWN).selected == "0001"
    assert after(ViewKey.DOWN, ViewKey.UP).selected == "0006"
    assert after(ViewKey.LAST).selected == "0002"
    assert after(ViewKey.LAST, ViewKey.DOWN, ViewKey.PAGE_UP).selected == "0006"
    assert after(ViewKey.DOWN, events=()).selected is None


def test_a_new_event_does_not_change_which_one_is_selected():
    view = after(ViewKey.DOWN, ViewKey.DOWN)
    more = (*EVENTS, event(7, 90.0))
    assert pressed(view, ViewKey.UP, more).selected == "0006"
    assert pressed(view, ViewKey.DOWN, more).selected == "0001"


def test_the_filter_hides_what_was_rejected_and_shows_it_again():
    view = after(ViewKey.FILTER)
    assert [e.id for e in listed(EVENTS, view)] == ["0006", "0003", "0001"]
    assert listed(EVENTS, after(ViewKey.FILTER, view=view)) == listed(EVENTS, INITIAL)


def test_a_page_s_key_opens_and_closes_it_and_escape_goes_back():
    for key, page in ((ViewKey.HELP, Page.HELP), (ViewKey.ENGINE, Page.ENGINE)):
        assert after(key).page is page
        assert after(key, key).page is Page.MAIN
        assert after(key, ViewKey.BACK).page is Page.MAIN
    assert after(ViewKey.HELP, ViewKey.ENGINE).page is Page.ENGINE


def test_enter_opens_the_selected_event_or_the_first_and_arrows_go_through_them():
    assert after(ViewKey.DETAIL) == View(Page.DETAIL, "0006")
    assert after(ViewKey.DETAIL, ViewKey.DOWN) == View(Page.DETAIL, "0003")
    assert after(ViewKey.DETAIL, events=()) == INITIAL


def test_the_selected_row_is_always_among_those_shown():
    for rows in (1, 2, 5):
        for selected in range(20):
            shown = rows_around(20, selected, rows)
            assert selected in shown
            assert len(shown) == rows
    assert list(rows_around(3, None, 10)) == [0, 1, 2]
