"""Whole chunks survive a kill; a wrong key and every change are refused."""

import os

import pytest

from realtime.encryption.sealed_file import SealWriter, sealed, unsealed
from realtime.errors import DataError

KEY = bytes(range(32))
PARTS = (b"one", b"and two", b"", b"three" * 10)


@pytest.fixture
def written(tmp_path):
    """A file in the making, and where each of its chunks ends."""
    path = tmp_path / "file"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    writer = SealWriter(descriptor, KEY)
    ends = [os.fstat(descriptor).st_size]
    for part in PARTS:
        writer.write(part)
        ends.append(os.fstat(descriptor).st_size)
    writer.finish(writer.chunks)
    os.close(descriptor)
    return path.read_bytes(), ends


def test_what_was_sealed_comes_back(written):
    data, _ = written
    assert unsealed(data, KEY) == b"".join(PARTS)
    large = os.urandom(2_500_001)
    assert unsealed(sealed(large, KEY), KEY) == large
    assert unsealed(sealed(b"", KEY), KEY) == b""
    assert b"three" not in data


def test_cut_anywhere_the_whole_chunks_are_readable_where_it_may_be_unfinished(written):
    data, ends = written
    for length in range(ends[0], len(data)):
        whole = sum(end <= length for end in ends) - 1
        found = unsealed(data[:length], KEY, unfinished=True)
        assert found == b"".join(PARTS[:whole]), length
        with pytest.raises(DataError, match="it was cut"):
            unsealed(data[:length], KEY)


def test_every_change_is_refused(written):
    data, ends = written
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(DataError):
            unsealed(bytes(changed), KEY)
    first, second = data[ends[0] : ends[1]], data[ends[1] : ends[2]]
    head, rest = data[: ends[0]], data[ends[2] :]
    for moved in (head + second + first + rest, head + second + rest, data + first):
        with pytest.raises(DataError):
            unsealed(moved, KEY)


def test_another_key_is_told_apart_from_a_change(written):
    with pytest.raises(DataError, match="not the key"):
        unsealed(written[0], bytes(32))


def test_the_same_twice_is_never_the_same_bytes():
    assert sealed(b"face", KEY) != sealed(b"face", KEY)
