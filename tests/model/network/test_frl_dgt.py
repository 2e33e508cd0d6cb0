import dataclasses

import pytest
import torch
from torch import nn

from model.network.displacement import DisplacementGeneration, SkinMotion, normalise, standardise
from model.network.frl_dgt import ActionUnitHead, Cues, EventHead, FrlDgt, WholePairDropout
from model.network.fusion import (
    CropRegions,
    FullFaceFusion,
    FusionLayer,
    GlobalFusion,
    LocalFusion,
    TransformerFusion,
)
from model.network.network_config import REGION_LANDMARKS, Config, region_boxes
from realtime.face.geometry import canonical_in_crop

CONFIG = Config()


def convolutions(module):
    return [part for part in module.modules() if isinstance(part, nn.Conv2d)]


def test_displacement_module_has_the_papers_weights_and_arithmetic():
    dgm = DisplacementGeneration(CONFIG)
    macs = []

    def count(conv, _, out):
        macs.append(conv.weight.numel() * out.shape[2] * out.shape[3])

    for conv in convolutions(dgm):
        assert conv.bias is None
        conv.register_forward_hook(count)
    with torch.no_grad():
        out = dgm(torch.zeros(1, 2, 224, 224))
    assert out.shape == (1, 2, 224, 224)
    assert sum(conv.weight.numel() for conv in convolutions(dgm)) == 616_128
    assert round(sum(macs) / 1e6) == 3786


def test_displacement_module_has_the_papers_layers():
    table = [
        *((2, 32, 3, 1), (32, 64, 4, 2), (64, 64, 3, 1), (64, 128, 4, 2), (128, 128, 3, 1)),
        *((128, 128, 3, 1), (128, 64, 1, 1), (128, 64, 3, 1), (64, 64, 3, 1), (64, 2, 3, 1)),
    ]
    dgm = DisplacementGeneration(CONFIG)
    built = [
        (conv.in_channels, conv.out_channels, conv.kernel_size[0], conv.stride[0])
        for conv in convolutions(dgm)
    ]
    assert built == table
    assert sum(isinstance(part, nn.BatchNorm2d) for part in dgm.modules()) == 9


def test_normalisation_divides_by_the_mean_of_the_five_largest():
    field = torch.zeros(1, 2, 4, 4)
    field.view(-1)[:6] = torch.tensor([-10.0, 8.0, 6.0, 4.0, -2.0, 1.0])  # mean of five: 6
    assert torch.allclose(normalise(field, 5, 1e-4), field / 6)


def test_normalisation_gives_weak_and_strong_movements_the_same_size():
    field = torch.randn(2, 2, 32, 32)
    assert torch.allclose(normalise(field, 5, 1e-4), normalise(0.01 * field, 5, 1e-4), atol=1e-5)


def test_normalisation_of_a_still_face_is_bounded_by_epsilon():
    assert normalise(torch.zeros(1, 2, 8, 8), 5, 1e-4).abs().max() == 0
    faint = torch.full((1, 2, 8, 8), 1e-6)
    assert torch.allclose(normalise(faint, 5, 1e-4), torch.full_like(faint, 1e-2))


def test_samples_of_a_batch_are_normalised_each_by_itself():
    field = torch.randn(2, 2, 16, 16) * torch.tensor([1.0, 50.0])[:, None, None, None]
    alone = torch.cat([normalise(field[:1], 5, 1e-4), normalise(field[1:], 5, 1e-4)])
    assert torch.allclose(normalise(field, 5, 1e-4), alone)


def test_exposure_and_contrast_do_not_reach_the_network():
    pair = torch.rand(1, 2, 32, 32)
    brighter = pair.clone()
    brighter[:, 1] = 0.1 + 0.6 * brighter[:, 1]
    assert torch.allclose(standardise(pair), standardise(brighter), atol=1e-4)


def affine(shift, across, down):
    axis = torch.arange(224) - 112.0
    x, y = axis.expand(224, 224), axis[:, None].expand(224, 224)
    parts = zip(shift, across, down, strict=True)
    return torch.stack([s + a * x + d * y for s, a, d in parts])[None]


def test_the_heads_motion_is_taken_out_and_a_movement_of_the_skin_stays():
    skin = SkinMotion()
    head = affine((0.8, -0.3), (0.004, 0.002), (-0.002, 0.004))  # shift, scale and roll
    assert skin(head).abs().max() < 1e-4
    corner = torch.zeros(1, 2, 224, 224)
    corner[:, 1, 150:170, 70:90] = -1.0
    kept = skin(corner + head)
    assert torch.allclose(kept, skin(corner), atol=1e-4)
    assert kept[0, 1, 152:168, 72:88].mean() < -0.85
    assert kept[0, :, 60:90, 100:130].abs().mean() < 0.1


def test_what_moves_beside_the_face_is_nobodys_expression():
    beside = torch.zeros(1, 2, 224, 224)
    beside[..., :10, :10] = 12.0
    assert SkinMotion()(beside).abs().max() == 0


def test_a_head_that_moves_more_changes_no_answer():
    pair, raw = torch.rand(1, 2, 224, 224), 0.05 * torch.randn(1, 2, 224, 224)
    head = affine((0.05, 0.02), (2e-4, 0.0), (0.0, 2e-4))
    with torch.no_grad():
        network = FrlDgt().eval()
        still, moved = network.recognise(pair, raw), network.recognise(pair, raw + head)
        assert torch.allclose(still.logits, moved.logits, atol=1e-4)
        # whether a displacement explains the frames is asked of all of it
        assert torch.allclose(still.micro_logit, moved.micro_logit, atol=5e-3)
        left_in = FrlDgt(dataclasses.replace(CONFIG, still_head=False)).eval()
        still, moved = left_in.recognise(pair, raw), left_in.recognise(pair, raw + head)
        assert not torch.allclose(still.logits, moved.logits, atol=1e-4)


def test_regions_hold_their_landmarks_and_lie_in_the_crop():
    points = canonical_in_crop()
    for (x0, y0, x1, y1), landmarks in zip(region_boxes(), REGION_LANDMARKS, strict=True):
        assert 0 <= x0 < x1 <= 224
        assert 0 <= y0 < y1 <= 224
        inside = points[list(landmarks)]
        assert (inside >= [x0, y0]).all()
        assert (inside <= [x1, y1]).all()


def test_cropped_region_is_the_mean_of_its_pixels():
    picture = torch.randn(1, 1, 224, 224)
    crops = CropRegions(CONFIG, (1, 1))(picture)
    x0, y0, x1, y1 = CONFIG.boxes[4]
    assert crops.shape == (1, 6, 1, 1, 1)
    assert torch.allclose(crops[0, 4].squeeze(), picture[0, 0, y0:y1, x0:x1].mean(), atol=1e-5)


@pytest.mark.parametrize(("module", "layers"), [("local", 2), ("across", 2), ("full", 4)])
def test_depth_of_each_attention_block(module, layers):
    assert len(getattr(TransformerFusion(CONFIG), module).attention.layers) == layers


def test_shapes_of_the_fusion_modules():
    picture = torch.randn(2, 4, 224, 224)
    regions, local = LocalFusion(CONFIG).eval()(picture)
    assert regions.shape == (2, 6, 128)
    assert local.shape == (2, 6, 8)
    across, weights = GlobalFusion(CONFIG).eval()(regions)
    assert across.shape == (2, 128)
    assert weights.shape == (2, 6)
    full, patches = FullFaceFusion(CONFIG).eval()(picture)
    assert full.shape == (2, 128)
    assert patches.shape == (2, 49)


def test_fusion_is_the_weighted_sum_its_weights_say():
    layer = FusionLayer(8)
    tokens = torch.randn(3, 5, 8)
    fused, weights = layer(tokens)
    assert torch.allclose(weights.sum(dim=1), torch.ones(3))
    by_hand = sum(weights[:, i, None] * layer.norm(tokens)[:, i] for i in range(5))
    assert torch.allclose(fused, by_hand, atol=1e-6)


def test_event_head_sees_magnitude_though_the_classes_do_not():
    head = EventHead(CONFIG).eval()
    features = torch.randn(1, 3 * CONFIG.width)
    motion = nn.functional.interpolate(torch.randn(1, 2, 7, 7), size=(28, 28))
    cues, units = torch.zeros(1, 4, 28, 28), torch.zeros(1, 11, 2)
    with torch.no_grad():
        weak, strong = (head(features, size * motion, cues, units) for size in (1, 5))
    assert weak.shape == (1,)
    assert (weak - strong).abs() > 1e-4


def test_a_mirrored_face_has_its_units_on_the_other_side():
    head = ActionUnitHead(CONFIG).eval()
    motion, normal, cues = (
        torch.randn(1, 2, 28, 28),
        torch.randn(1, 2, 28, 28),
        torch.rand(1, 4, 28, 28),
    )
    turned = torch.tensor([-1.0, 1.0])[:, None, None]
    with torch.no_grad():
        seen = head(motion, normal, cues)
        mirrored = head(motion.flip(-1) * turned, normal.flip(-1) * turned, cues.flip(-1))
    assert not torch.allclose(seen[..., 0], seen[..., 1], atol=1e-4)
    assert torch.allclose(seen.flip(-1), mirrored, atol=1e-5)


def test_cues_tell_a_displacement_that_explains_the_frames():
    texture = nn.functional.interpolate(torch.randn(1, 1, 57, 57), size=(226, 226), mode="bicubic")
    pair = torch.cat([texture[..., 1:225, 1:225], texture[..., 1:225, :224]], dim=1)  # 1 px right
    right = torch.zeros(1, 2, 224, 224)
    right[:, 0] = 1.0
    inside = (..., slice(2, -2), slice(2, -2))
    explained, denied, ignored = (
        Cues()(pair, way)[:, 2][inside].mean() for way in (right, -right, 0 * right)
    )
    assert explained < 0.5 * ignored < 0.5 * denied
    assert torch.allclose(Cues()(pair, right)[:, 0], torch.tensor(0.01), atol=1e-3)  # moves evenly


@pytest.mark.parametrize("fuse_before_attention", [False, True])
def test_outputs_of_the_network(fuse_before_attention):
    config = dataclasses.replace(CONFIG, fuse_before_attention=fuse_before_attention)
    output = FrlDgt(config).eval()(torch.rand(2, 2, 224, 224))
    assert output.logits.shape == (2, 3)
    assert output.micro_logit.shape == (2,)
    assert output.displacement.shape == (2, 2, 224, 224)
    assert output.au_logits.shape == (2, 11, 2)
    for weights, shape in (
        (output.fusion_local, (2, 6, 8)),
        (output.fusion_global, (2, 6)),
        (output.fusion_full, (2, 49)),
    ):
        assert weights.shape == shape
        assert torch.allclose(weights.sum(dim=-1), torch.ones(shape[:-1]), atol=1e-5)


def test_class_error_reaches_the_displacement_module():
    model = FrlDgt()
    model(torch.rand(2, 2, 224, 224)).logits.square().sum().backward()
    assert model.dgm.conv1[0].weight.grad.abs().max() > 0


def test_frames_are_hidden_from_a_share_of_the_samples_in_training_only():
    pair = torch.rand(400, 2, 4, 4) + 0.1
    hide = WholePairDropout(0.5)
    shown = (hide.train()(pair) != 0).flatten(1)
    assert (shown.all(dim=1) | ~shown.any(dim=1)).all()
    assert 0.4 < shown.all(dim=1).float().mean() < 0.6
    assert torch.equal(hide.eval()(pair), pair)


def test_patches_can_be_embedded_by_one_linear_map():
    linear = FrlDgt(dataclasses.replace(CONFIG, stem=0)).eval()
    assert len(linear.fusion.full.embed.embed) == 1
    assert linear(torch.rand(1, 2, 224, 224)).fusion_full.shape == (1, 49)


@pytest.mark.parametrize("name", ["local", "across", "full"])
def test_a_module_that_is_left_out_learns_nothing(name):
    network = FrlDgt(dataclasses.replace(CONFIG, without=(name,), dropout=0.0))
    pair = torch.rand(2, 2, 224, 224)
    output = network.recognise(pair, 0.1 * torch.randn(2, 2, 224, 224))
    (output.logits.square().sum() + output.micro_logit.sum()).backward()

    def layers_learn(module):
        gradients = [part.grad for part in module.attention.layers.parameters()]
        return any(gradient is not None and bool(gradient.any()) for gradient in gradients)

    learning = {part for part in ("local", "across", "full")
                if layers_learn(getattr(network.fusion, part))}  # fmt: skip
    assert learning == {"local", "across", "full"} - {name}


def test_other_label_sets_have_other_numbers_of_classes():
    network = FrlDgt(dataclasses.replace(CONFIG, classes=5)).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 2, 224, 224)).logits.shape == (1, 5)
