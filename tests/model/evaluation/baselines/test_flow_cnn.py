import numpy as np
import pytest
import torch

from model.evaluation.baselines.flow_cnn import FlowCnn, reduced_flow
from model.synthetic.pairs import make_pair
from model.synthetic.recipe import Recipe
from realtime.errors import DataError


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def taught(portraits):
    """Twenty-four strong movements and eight still faces."""
    strong = Recipe(non_event_share=0.0, peak_iod=(0.035, 0.035))
    still = Recipe(non_event_share=1.0, non_events=("still",))
    drawn = [make_pair(portraits, 1, i, strong if i % 4 else still) for i in range(32)]
    pairs = np.stack([[pair.onset, pair.apex] for pair in drawn])
    return pairs, np.array([pair.label for pair in drawn])


@pytest.mark.slow
def test_it_learns_what_it_is_taught_and_is_a_function_of_its_seed(taught):
    pairs, label = taught
    network = FlowCnn.fit(pairs, label, seed=3, epochs=60)
    answer = network.predict(pairs)
    event = label >= 0
    assert (answer.probabilities.argmax(axis=1)[event] == label[event]).mean() > 0.8
    assert answer.micro[event].mean() > answer.micro[~event].mean() + 0.2
    again = FlowCnn.fit(pairs[:8], label[:8], seed=3, epochs=2).predict(pairs)
    same = FlowCnn.fit(pairs[:8], label[:8], seed=3, epochs=2).predict(pairs)
    other = FlowCnn.fit(pairs[:8], label[:8], seed=4, epochs=2).predict(pairs)
    assert np.array_equal(again.probabilities, same.probabilities)
    assert not np.array_equal(again.probabilities, other.probabilities)
    assert network.weights == 2_665_500


def test_it_is_kept_and_read_back(taught, tmp_path):
    pairs, label = taught
    network = FlowCnn.fit(pairs[:8], label[:8], seed=1, epochs=1)
    network.save(tmp_path / "cnn.safetensors")
    back = FlowCnn.load(tmp_path / "cnn.safetensors")
    assert np.array_equal(back.predict(pairs).micro, network.predict(pairs).micro)
    (tmp_path / "cnn.safetensors").write_bytes(b"cut")
    with pytest.raises(DataError, match=r"cnn\.safetensors"):
        FlowCnn.load(tmp_path / "cnn.safetensors")


def test_flow_is_that_of_the_face(taught):
    pairs, label = taught
    flow = reduced_flow(pairs)
    assert flow.shape == (32, 2, 28, 28)
    inner = flow[:, :, 6:24, 6:22].abs().amax(dim=(1, 2, 3))
    assert (
        inner[torch.from_numpy(label >= 0)].median()
        > 3 * inner[torch.from_numpy(label < 0)].median()
    )
