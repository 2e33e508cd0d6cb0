"""How long the program takes to end, as a table."""

from benchmarks.ends import Ending, row


def test_a_row_has_the_median_the_longest_and_the_ratio_to_the_start():
    endings = [Ending(2.0, 1.0, 0, 0), Ending(4.0, 1.0, 0, 1), Ending(2.0, 3.0, 130, 1)]
    cells = row("SIGTERM", endings)
    assert cells == ["SIGTERM", "1.00", "3.00", "2.00", "0.50", "0, 130", "2"]
