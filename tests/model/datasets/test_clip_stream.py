import numpy as np
import pytest
import torch

from model.datasets.align import AlignedClip, R
from model.datasets.clip_stream import ClipStream
from model.synthetic.apex_jitter import apex_range
from model.synthetic.recipe import NON_EVENT
from realtime.errors import DataError

ONSET, APEX, LAST = 10, 30, 60
SIDE_GREY = 80  # of the right half more than of the left, so that mirroring shows
ONSET_GREY, FIRST_GREY, STEP_GREY = 30, 50, 5  # a frame's grey tells which it is


def clip(label, name="a", after=1):
    low, high = apex_range(ONSET, APEX, LAST, R)
    numbers = np.arange(low, high + 1)
    sides = np.where(np.arange(224) < 112, 0, SIDE_GREY).astype(np.uint8)
    picture = np.broadcast_to(sides, (224, 224))
    greys = FIRST_GREY + STEP_GREY * np.arange(len(numbers), dtype=np.uint8)
    return AlignedClip(
        dataset="invented",
        subject="1",
        clip=name,
        label=label,
        onset=picture + np.uint8(ONSET_GREY),
        after=np.stack([picture + np.uint8(ONSET_GREY)] * after)
        if after
        else np.empty((0, 224, 224), np.uint8),
        later=picture + greys[:, None, None],
        numbers=numbers,
        apex=int(np.flatnonzero(numbers == APEX)[0]),
        span=(ONSET, LAST),
    )


@pytest.fixture(scope="module")
def clips():
    return [clip(label, f"{label}-{i}") for label in (0, 1, 2) for i in range(2)]


def frames_drawn(batch):
    """Which of the kept frames each pair shows, the light's gain and offset taken out."""
    onset, later = (batch.pair[:, side].double() * 255 for side in (0, 1))
    dark, bright = onset[..., :100].mean((1, 2)), onset[..., 124:].mean((1, 2))
    gain = (bright - dark).abs() / SIDE_GREY
    rise = (later - onset).mean((1, 2)) / gain
    return (rise - (FIRST_GREY - ONSET_GREY)) / STEP_GREY


def test_a_pair_is_a_function_of_seed_and_index(clips):
    whole = ClipStream(clips, 5).draw(6)
    stream = ClipStream(clips, 5)
    parts = [stream.draw(size) for size in (1, 3, 2)]
    assert stream.next_index == 6
    parts_resumed = [*parts[:2], ClipStream(clips, 5, first=4).draw(2)]
    for batches in (parts, parts_resumed):
        assert torch.equal(torch.cat([batch.pair for batch in batches]), whole.pair)
        assert torch.equal(torch.cat([batch.label for batch in batches]), whole.label)
    assert not torch.equal(whole.pair, ClipStream(clips, 6).draw(6).pair)


def test_shared_out_streams_make_up_the_whole(clips):
    whole = ClipStream(clips, 5).draw(6)
    for rank in (0, 1):
        part = ClipStream(clips, 5, rank=rank, size=2)
        assert torch.equal(part.draw(3).pair, whole.pair[rank::2])
        assert part.next_index == 6


def test_a_batch_is_what_the_trainer_takes(clips):
    batch = ClipStream(clips, 1).draw(4)
    assert (batch.pair.shape, batch.pair.dtype) == ((4, 2, 224, 224), torch.float32)
    assert batch.pair.min() >= 0
    assert batch.pair.max() <= 1
    assert batch.displacement.shape == (4, 2, 224, 224)
    assert (batch.valid == 1).all()  # the photometric loss holds everywhere
    assert not batch.known.any()  # but there is no true displacement
    assert batch.label.dtype == torch.int64


def test_classes_are_drawn_alike_and_some_pairs_show_nothing(clips):
    uneven = [one for one in clips if one.label == 0] * 5 + [clip(2)]
    label = ClipStream(uneven, 1).draw(400).label
    share = {name: float((label == name).float().mean()) for name in (0, 2, NON_EVENT)}
    assert share[0] == pytest.approx(0.4, abs=0.08)
    assert share[2] == pytest.approx(0.4, abs=0.08)
    assert share[NON_EVENT] == pytest.approx(0.2, abs=0.07)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_share_of_non_events_is_a_setting(clips, share):
    label = ClipStream(clips, 1, non_events=share).draw(30).label
    assert ((label == NON_EVENT) == bool(share)).all()


def test_the_apex_is_drawn_evenly_from_its_range(clips):
    drawn = frames_drawn(ClipStream(clips, 3, non_events=0.0).draw(400)).round().long()
    low, high = apex_range(ONSET, APEX, LAST, R)
    counts = torch.bincount(drawn, minlength=high - low + 1)
    assert len(counts) == high - low + 1 == 17
    assert counts.min() > 0
    assert counts.max() < 60  # 24 expected


def test_half_are_mirrored_both_pictures_alike_and_the_light_varies(clips):
    batch = ClipStream(clips, 4).draw(200)
    dark = batch.pair[..., :100].mean((2, 3)) < batch.pair[..., 124:].mean((2, 3))
    assert torch.equal(dark[:, 0], dark[:, 1])
    assert float(dark[:, 0].float().mean()) == pytest.approx(0.5, abs=0.12)
    assert float((batch.pair[:, 0].mean((1, 2)) * 255).std()) > 4


@pytest.mark.parametrize("after", [0, 1])
def test_made_non_events_have_noise_and_no_motion(after):
    batch = ClipStream([clip(0, after=after)], 2, non_events=1.0).draw(40)
    change = (batch.pair[:, 1] - batch.pair[:, 0]) * 255
    assert (change.mean((1, 2)).abs() <= 0.51).all()  # a flat picture is rounded as a whole
    assert (change.std((1, 2)) > 0.05).all()
    assert (change.std((1, 2)) < 4).all()


def test_what_a_reviewer_called_none_is_half_of_the_non_events(clips):
    batch = ClipStream([*clips, clip(NON_EVENT)], 7, non_events=0.5).draw(300)
    shown_none = batch.label == NON_EVENT
    assert float(shown_none.float().mean()) == pytest.approx(0.5, abs=0.1)
    reviewed = frames_drawn(batch)[shown_none] > -1  # a frame of the clip; made ones lie below
    assert float(reviewed.float().mean()) == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("held", [[], [clip(NON_EVENT)]])
def test_without_an_expression_there_is_nothing_to_train_on(held):
    with pytest.raises(DataError, match="no clip of an expression"):
        ClipStream(held, 1)
