"""The page of faults names tests that there are, and is what its command prints."""

from benchmarks.faults import page
from tests.paths import ROOT


def test_every_fault_has_a_test_and_the_page_is_up_to_date():
    assert (ROOT / "docs" / "faults.md").read_text("utf-8").splitlines() == list(page())
