"""FRL-DGT (CVPR 2023, arXiv 2304.04420): the whole network, in the paper's order.

A pair of aligned grey faces (onset, apex; 224 × 224, in [0, 1]) -> adaptive displacement
generation -> eq. 1 -> transformer fusion of AU regions and the whole face -> three classes.
Called by the trainer, the exporter and the evaluation; the live path runs the exported ONNX.

What the paper leaves open is in `model.network.network_config`, each field with its reason.  Three
things are added to the paper.  Two because eq. 1 divides magnitude away and a stream must know it:
the displacement is given in pixels, and an event head, which sees its size, tells a movement from a
still face.  And what the whole head does is taken out of the displacement before eq. 1: in a stream
it is larger than most micro-expressions, and the classes are about what skin does by itself.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from model.network.displacement import DisplacementGeneration, SkinMotion, normalise, standardise
from model.network.fusion import TransformerFusion
from model.network.network_config import Config
from realtime.face.geometry import CROP_SIZE


class Output(NamedTuple):
    logits: Tensor  # (b, 3)
    micro_logit: Tensor  # (b,)
    displacement: Tensor  # (b, 2, 224, 224) x, y, pixels of the crop, raw
    fusion_local: Tensor  # (b, 6, patches of a region), rows sum to 1
    fusion_global: Tensor  # (b, 6)
    fusion_full: Tensor  # (b, patches of the face)


class WholePairDropout(nn.Module):
    """Hides the frames of a share of the samples in training: motion must do alone (ours)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, pair: Tensor) -> Tensor:
        if not self.training:
            return pair
        return pair * (torch.rand(len(pair), 1, 1, 1, device=pair.device) >= self.share)


class EventHead(nn.Module):
    """Is it an event?  Sees the fused features and the displacement itself, in pixels.

    Ours: two convolutions over the motion and its length on a grid of 28 × 28.
    """

    CELL = 8

    def __init__(self, config: Config) -> None:
        super().__init__()
        side = CROP_SIZE // self.CELL // 4
        self.motion = nn.Sequential(
            *(nn.Conv2d(3, 16, 5, padding=2), nn.GELU(), nn.AvgPool2d(2)),
            *(nn.Conv2d(16, 32, 5, padding=2), nn.GELU(), nn.AvgPool2d(2)),
            *(nn.Flatten(), nn.Dropout(3 * config.dropout)),
            *(nn.Linear(32 * side * side, config.width), nn.GELU()),
        )
        self.out = nn.Sequential(
            nn.LayerNorm(4 * config.width),
            nn.Linear(4 * config.width, config.width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.width, 1),
        )

    def forward(self, features: Tensor, displacement: Tensor) -> Tensor:
        motion = F.avg_pool2d(displacement, self.CELL)
        length = (motion.square().sum(dim=1, keepdim=True) + 1e-4).sqrt()
        motion = self.motion(torch.cat([motion, length], dim=1))
        out: Tensor = self.out(torch.cat([features, motion], dim=1))
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
        return Output(
            logits=self.class_head(features).float(),
            micro_logit=self.event_head(features, skin * scale),
            displacement=raw * scale,
            fusion_local=local,
            fusion_global=across,
            fusion_full=full,
        )
