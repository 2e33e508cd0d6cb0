"""The lean displacement module is the same function, borders included."""

import pytest
import torch

from model.network.fast_inference import lean
from model.network.frl_dgt import FrlDgt


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    model = FrlDgt()
    with torch.no_grad():
        model.train()(torch.rand(4, 2, 224, 224))  # statistics other than 0 and 1
        model.dgm.conv10.weight.mul_(100)
        for layer in model.dgm.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.bias.normal_()  # a constant must survive the change of places
    return model.eval()


def test_it_computes_the_same_to_the_last_pixel_of_the_border(model):
    pair = torch.rand(2, 2, 224, 224)
    with torch.no_grad():
        expected, answer = model(pair), lean(model)(pair)
    assert expected.displacement.abs().max() > 0.1
    for name in expected._fields:
        assert (getattr(answer, name) - getattr(expected, name)).abs().max() < 1e-4, name
    border = torch.ones(224, 224, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    assert (answer.displacement - expected.displacement)[..., border].abs().max() < 1e-4


def test_it_multiplies_less(model):
    def multiplications(module):
        total = 0

        def count(layer, given, out):
            nonlocal total
            total += out.numel() * layer.weight[0].numel()

        hooks = [
            layer.register_forward_hook(count)
            for layer in module.modules()
            if isinstance(layer, torch.nn.Conv2d)
        ]
        with torch.no_grad():
            module(torch.rand(1, 2, 224, 224))
        for hook in hooks:
            hook.remove()
        return total

    # conv10's taps are no layer: 112² pixels, 64 channels in, 18 out
    assert multiplications(lean(model).dgm) + 112**2 * 64 * 18 < 0.97 * multiplications(model.dgm)


def test_the_model_itself_is_left_alone(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    lean(model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
