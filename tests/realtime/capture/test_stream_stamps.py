"""Which time stamps of a stream are believed."""

from fractions import Fraction

from realtime.capture.stream_stamps import StreamStamps

UNIT = Fraction(1, 90_000)
S = 1_000_000_000


def test_stamps_are_nanoseconds_of_the_stream_s_clock() -> None:
    stamps = StreamStamps(given=True)
    assert stamps.stamp(180_000, UNIT, 5) == 2 * S
    assert stamps.stamp(183_000, UNIT, 5 + 40_000_000) == 2 * S + S // 30


def test_a_stream_without_a_clock_or_a_picture_without_a_stamp_has_none() -> None:
    assert StreamStamps(given=False).stamp(1, UNIT, 0) is None
    stamps = StreamStamps(given=True)
    assert stamps.stamp(None, UNIT, 0) is None
    assert stamps.stamp(0, None, 0) is None


def test_stamps_that_stand_still_or_race_are_not_believed() -> None:
    for step in (0, -3000, 1, 60_000):  # of 3,000
        stamps = StreamStamps(given=True)
        seen = [stamps.stamp(n * step, UNIT, n * S // 30) for n in range(120)]
        assert seen[0] is not None
        assert seen[-1] is None


def test_a_reader_three_times_too_slow_leaves_them_believed() -> None:
    stamps = StreamStamps(given=True)
    seen = [stamps.stamp(n * 3000, UNIT, n * S // 10) for n in range(600)]
    assert None not in seen
