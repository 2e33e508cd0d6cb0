"""Tasks given to the first free worker."""

import pytest

from benchmarks.live.scale import HOURS, makespan, task_times


def test_tasks_go_to_the_worker_that_is_free_first():
    assert makespan([4, 1, 1, 1, 1], 2) == 4
    assert makespan([1, 1, 1, 1, 4], 2) == 6
    assert makespan([3, 2], 1) == 5


def test_the_archive_has_its_hours_and_is_the_same_every_time():
    times = task_times(0.0, 1.0)
    assert times.sum() == pytest.approx(HOURS * 3600, rel=0.15)  # stragglers take longer
    assert (times == task_times(0.0, 1.0)).all()
    assert makespan(times, 100) > times.sum() / 100
