"""Every choice about the network that is ours, and where on the face its regions lie.

What the paper states is fixed in the code; what it leaves open is a field here, with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from realtime.face.geometry import CROP_IOD, CROP_SIZE, canonical_in_crop

Module = Literal["local", "across", "full"]

# Landmarks whose mean is the centre of each AU region (paper, section 3: the centre of a region
# averaged over the data): eyes and lids, brows and glabella, cheeks and outer eyes, nose, mouth
# and lip corners, chin and jaw.  All symmetric, so every centre lies on the midline.
REGION_LANDMARKS = (
    (33, 133, 159, 145, 263, 362, 386, 374),
    (70, 105, 107, 55, 300, 334, 336, 285, 9),
    (118, 50, 205, 226, 347, 280, 425, 446),
    (6, 197, 4, 129, 358),
    (61, 291, 0, 17, 13, 14),
    (17, 152, 200, 150, 379),
)
# Width and height of each box, IOD.  The paper does not give them (ours): wide enough for both
# brows or both cheeks and their skin, so that a region is one box as in the paper's figure.
REGION_SIZES_IOD = (
    *((2.0, 0.75), (2.2, 0.8), (2.2, 1.0)),
    *((1.0, 1.0), (1.4, 0.9), (1.5, 0.8)),
)


def region_boxes() -> tuple[tuple[int, int, int, int], ...]:
    """(x0, y0, x1, y1) of the six AU regions in the crop, pixels, x1 and y1 exclusive."""
    points = canonical_in_crop()
    boxes = []
    for landmarks, (width, height) in zip(REGION_LANDMARKS, REGION_SIZES_IOD, strict=True):
        centre = points[list(landmarks)].mean(axis=0)
        half = np.array([width, height]) * CROP_IOD / 2
        low = np.clip(np.rint(centre - half), 0, CROP_SIZE).astype(int)
        high = np.clip(np.rint(centre + half), 0, CROP_SIZE).astype(int)
        boxes.append((int(low[0]), int(low[1]), int(high[0]), int(high[1])))
    return tuple(boxes)


@dataclass(frozen=True, slots=True)
class Config:
    """Every choice that is ours; the paper states the rest."""

    slope: float = 0.1  # LeakyReLU; the usual value of flow networks
    full_scale_px: float = 12.0  # Tanh's 1 in crop pixels: 17 % of the IOD, a macro-expression
    k: int = 5  # eq. 1, stated
    epsilon: float = 1e-4  # eq. 1, stated; of the Tanh output, so 0.0012 px
    still_head: bool = True  # the head's own motion is taken out before eq. 1
    width: int = 128  # embedding; keeps weights and ONNX together below 25 MB
    heads: int = 4  # 32 per head
    mlp_ratio: int = 2  # thousands of identities would pay for 4; we have dozens
    dropout: float = 0.1
    region_size: tuple[int, int] = (16, 32)  # a box is resampled to this height and width
    region_patch: int = 8  # 2 × 4 patches a region: left and right, inner and outer, up and down
    face_size: int = 28  # the whole face is averaged to this: displacement is smooth
    face_patch: int = 4  # 7 × 7 patches: 0.4 IOD, about a brow's length
    stem: int = 32  # maps of the first convolution that embeds patches; 0: one linear map does
    pair_dropout: float = 0.5  # the pair also tells who it is, and dozens of people are few
    local_layers: int = 2  # L, stated
    global_layers: int = 2  # L, stated
    full_layers: int = 4  # L, stated
    fuse_before_attention: bool = False  # "Fu-B-Attn", the paper's ablated order
    without: tuple[Module, ...] = ()  # modules left out, for ablation
    classes: int = 3  # of CLASSES; other label sets are for experiments, not for engines
    boxes: tuple[tuple[int, int, int, int], ...] = field(default_factory=region_boxes)
