import numpy as np
import pytest

from realtime.motion.quantiles import quantile
from realtime.spotting.rolling import Rolling


def test_any_stretch_of_the_newest_rows_is_there_and_nothing_else():
    rows = Rolling(2, keep=5)
    for i in range(23):
        rows.append()[:] = i
        assert rows.span(rows.oldest, rows.count)[:, 1].tolist() == list(
            range(max(0, i - 4), i + 1)
        )
    assert rows.span(20, 21)[:, 0].tolist() == [20, 21]
    assert len(rows.span(-9, -3)) == len(rows.span(40, 50)) == 0


@pytest.mark.parametrize("share", [0.0, 0.5, 0.75, 0.9, 1.0])
@pytest.mark.parametrize("n", [1, 2, 101, 102])
def test_quantiles_are_numpy_s(n, share):
    values = np.random.default_rng(n).normal(size=n)
    assert quantile(values.copy(), share) == pytest.approx(
        np.quantile(values.copy(), share), rel=1e-12
    )
