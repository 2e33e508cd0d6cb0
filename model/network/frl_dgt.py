"""FRL-DGT (CVPR 2023, arXiv 2304.04420): the whole network, in the paper's order.

A pair of aligned grey faces (onset, apex; 224 × 224, in [0, 1]) -> adaptive displacement
generation -> eq. 1 -> transformer fusion of AU regions and the whole face -> three classes.
Called by the trainer, the exporter and the evaluation; the live path runs the exported ONNX.

What the paper leaves open is in `model.network.network_config`, each field with its reason.  Four
things are added to the paper.  Two because eq. 1 divides magnitude away and a stream must know it:
the displacement is given in pixels, and an event head, which sees its size, tells a movement from a
still face.  What the whole head does is taken out of the displacement before eq. 1: in a stream it
is larger than most micro-expressions, and the classes are about what skin does by itself.  And a
head of its own names the action units on each side of the face.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from model.network.displacement import DisplacementGeneration, SkinMotion, normalise, standardise
from model.network.fusion import TransformerFusion
from model.network.network_config import Config
from realtime.event import ACTION_UNITS
from realtime.face.geometry import CROP_SIZE

CELL = 8  # pixels: the heads see the motion on a grid of 28 × 28


class Output(NamedTuple):
    logits: Tensor  # (b, 3)
    micro_logit: Tensor  # (b,)
    displacement: Tensor  # (b, 2, 224, 224) x, y, pixels of the crop, raw
    fusion_local: Tensor  # (b, 6, patches of a region), rows sum to 1
    fusion_global: Tensor  # (b, 6)
    fusion_full: Tensor  # (b, patches of the face)
    au_logits: Tensor  # (b, 11, 2) each of `ACTION_UNITS` on the person's right and left


class WholePairDropout(nn.Module):
    """Hides the frames of a share of the samples in training: motion must do alone (ours)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, pair: Tensor) -> Tensor:
        if not self.training:
            return pair
        return pair * (torch.rand(len(pair), 1, 1, 1, device=pair.device) >= self.share)


class Cues(nn.Module):
    """What tells whether a displacement can be believed, on the heads' grid (ours).

    (b, 2, 224, 224) pair in [0, 1] and displacement in pixels -> (b, 4, 28, 28), root mean squares
    over a cell: how unevenly it moves; how much the frames differ; how much of that the
    displacement leaves unexplained, to first order; and how much texture there is to see motion by.
    """

    def forward(self, pair: Tensor, displacement: Tensor) -> Tensor:
        onset, apex = standardise(pair).split(1, dim=1)
        middle = (onset + apex) / 2
        across = F.pad((middle[..., 2:] - middle[..., :-2]) / 2, (1, 1, 0, 0))
        down = F.pad((middle[..., 2:, :] - middle[..., :-2, :]) / 2, (0, 0, 1, 1))
        difference = apex - onset
        left = difference + across * displacement[:, :1] + down * displacement[:, 1:]
        uneven = _mean_square(displacement) - F.avg_pool2d(displacement, CELL).square()
        cues = [
            uneven.sum(dim=1, keepdim=True).clamp_min(0) + 1e-4,
            _mean_square(difference) + 1e-4,
            _mean_square(left) + 1e-4,
            _mean_square(across) + _mean_square(down) + 1e-5,
        ]
        return torch.cat(cues, dim=1).sqrt()


def _mean_square(maps: Tensor) -> Tensor:
    return F.avg_pool2d(maps.square(), CELL)


def _length(motion: Tensor) -> Tensor:
    """(b, 2, h, w) -> (b, 1, h, w), with a gradient where nothing moves."""
    return (motion.square().sum(dim=1, keepdim=True) + 1e-4).sqrt()


def _motion_encoder(maps: int, first: int, width: int, dropout: float) -> nn.Sequential:
    """(b, maps, 28, 28) -> (b, width): two convolutions, and the place of what they find."""
    side = CROP_SIZE // CELL // 4
    return nn.Sequential(
        *(nn.Conv2d(maps, first, 5, padding=2), nn.GELU(), nn.AvgPool2d(2)),
        *(nn.Conv2d(first, 2 * first, 5, padding=2), nn.GELU(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Dropout(dropout)),
        *(nn.Linear(2 * first * side * side, width), nn.GELU()),
    )


class ActionUnitHead(nn.Module):
    """Which action units moved, on each side.  Ours.

    A face and its mirror image are one task: the same layers name the units on the person's right
    from the motion, and those on the left from the mirrored motion.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.width
        self.motion = _motion_encoder(9, 24, width, 3 * config.dropout)
        self.out = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(width, len(ACTION_UNITS)),
        )
        signs = torch.tensor([-1.0, 1, -1, 1, 1, 1, 1, 1, 1])[:, None, None]
        self.mirror: Tensor
        self.register_buffer("mirror", signs, persistent=False)

    def forward(self, motion: Tensor, normal: Tensor, cues: Tensor) -> Tensor:
        """Motion in pixels and as eq. 1 gives it, (b, 2, 28, 28) each; answers (b, units, 2)."""
        maps = torch.cat([motion, 3 * normal, _length(motion), cues], dim=1)
        right, left = (self.out(self.motion(m)) for m in (maps, maps.flip(-1) * self.mirror))
        return torch.stack([right, left], dim=2).float()


class EventHead(nn.Module):
    """Is it an event?  Sees the fused features, the displacement in pixels, and the units named.

    Ours.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.motion = _motion_encoder(7, 16, config.width, 3 * config.dropout)
        self.out = nn.Sequential(
            nn.LayerNorm(4 * config.width),
            nn.Linear(4 * config.width, config.width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.width, 1),
        )
        self.units = nn.Sequential(
            nn.Linear(2 * len(ACTION_UNITS) + 4, 32), nn.GELU(), nn.Linear(32, 1)
        )

    def forward(self, features: Tensor, motion: Tensor, cues: Tensor, units: Tensor) -> Tensor:
        """`motion` (b, 2, 28, 28) pixels, `units` (b, 11, 2) logits; answers (b,)."""
        seen = self.motion(torch.cat([motion, _length(motion), cues], dim=1))
        strongest = units.amax(dim=2).topk(2, dim=1).values
        named = [
            units.flatten(1),
            strongest,
            0.1 * units.sum(dim=(1, 2)).unsqueeze(1),
            strongest[:, :1],
        ]
        out: Tensor = self.out(torch.cat([features, seen], dim=1))
        out = out + self.units(torch.cat(named, dim=1))
        return out.squeeze(1).float()


class FrlDgt(nn.Module):
    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        self.dgm = DisplacementGeneration(self.config)
        self.skin = SkinMotion() if self.config.still_head else nn.Identity()
        self.pair_dropout = WholePairDropout(self.config.pair_dropout)
        self.fusion = TransformerFusion(self.config)
        width = self.config.width
        self.class_head = nn.Sequential(
            nn.LayerNorm(3 * width),
            nn.Linear(3 * width, width),
            nn.GELU(),
            nn.Dropout(self.config.dropout),
            nn.Linear(width, self.config.classes),
        )
        self.cues = Cues()
        self.au_head = ActionUnitHead(self.config)
        self.event_head = EventHead(self.config)

    def forward(self, pair: Tensor) -> Output:
        return self.recognise(pair, self.dgm(standardise(pair)))

    def recognise(self, pair: Tensor, raw: Tensor) -> Output:
        """All behind the DGM; `raw` (b, 2, 224, 224) in (-1, 1)."""
        skin = self.skin(raw)
        normal = normalise(skin, self.config.k, self.config.epsilon)
        frames = self.pair_dropout(standardise(pair))
        picture = torch.cat([normal, frames], dim=1)  # (b, 4, 224, 224)
        features, local, across, full = self.fusion(picture)
        scale = self.config.full_scale_px
        motion, cues = F.avg_pool2d(skin * scale, CELL), self.cues(pair, raw * scale)
        units = self.au_head(motion, F.avg_pool2d(normal, CELL), cues)
        return Output(
            logits=self.class_head(features).float(),
            # the units are learned from their own labels alone
            micro_logit=self.event_head(features, motion, cues, units.detach()),
            displacement=raw * scale,
            fusion_local=local,
            fusion_global=across,
            fusion_full=full,
            au_logits=units,
        )
