"""FRL-DGT (CVPR 2023, arXiv 2304.04420): the whole network, in the paper's order.

A pair of aligned grey faces (onset, apex; 224 × 224, in [0, 1]) -> adaptive displacement
generation -> eq. 1 -> transformer fusion of AU regions and the whole face -> three classes.
Called by the trainer, the exporter and the evaluation; the live path runs the exported ONNX.

What the paper leaves open is in `Config`, each field with its reason.  Three things are added to
the paper.  Two because eq. 1 divides magnitude away and a stream must know it: the displacement is
given in pixels, and an event head, which sees its size, tells a movement from a still face.  And
what the whole head does is taken out of the displacement before eq. 1: in a stream it is larger
than most micro-expressions, and the classes are about what skin does by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from realtime.face.geometry import CROP_IOD, CROP_SIZE, canonical_in_crop

CLASSES = ("negative", "positive", "surprise")
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
# Half width, height of the centre and half height of the face in the crop, pixels: brows to chin.
FACE_OVAL_PX = (92.0, 108.0, 108.0)
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
    region_size: tuple[int, int] = (28, 56)  # a box is resampled to this height and width
    region_patch: int = 14  # 2 × 4 patches a region: left and right, inner and outer, up and down
    face_patch: int = 28  # 8 × 8 patches: 0.4 IOD, about a brow's length
    local_layers: int = 2  # L, stated
    global_layers: int = 2  # L, stated
    full_layers: int = 4  # L, stated
    fuse_before_attention: bool = False  # "Fu-B-Attn", the paper's ablated order
    without: tuple[Module, ...] = ()  # modules left out, for ablation
    classes: int = 3  # of CLASSES; other label sets are for experiments, not for engines
    boxes: tuple[tuple[int, int, int, int], ...] = field(default_factory=region_boxes)


class Output(NamedTuple):
    logits: Tensor  # (b, 3)
    micro_logit: Tensor  # (b,)
    displacement: Tensor  # (b, 2, 224, 224) x, y, pixels of the crop, raw
    fusion_local: Tensor  # (b, 6, patches of a region), rows sum to 1
    fusion_global: Tensor  # (b, 6)
    fusion_full: Tensor  # (b, patches of the face)


# --- Displacement generation module (supplement, table 1) ----------------------------------


class ConvBlock(nn.Sequential):
    def __init__(self, entry: int, out: int, kernel: int, stride: int, slope: float) -> None:
        padding = 0 if kernel == 1 else 1
        super().__init__(
            nn.Conv2d(entry, out, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(out),
            nn.LeakyReLU(slope),
        )


class DisplacementGeneration(nn.Module):
    """Onset and apex -> displacement, as a share of the full scale in (-1, 1)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        slope = config.slope
        self.conv1 = ConvBlock(2, 32, 3, 1, slope)
        self.conv2 = ConvBlock(32, 64, 4, 2, slope)
        self.conv3 = ConvBlock(64, 64, 3, 1, slope)
        self.conv4 = ConvBlock(64, 128, 4, 2, slope)
        self.conv5 = ConvBlock(128, 128, 3, 1, slope)
        self.conv6 = ConvBlock(128, 128, 3, 1, slope)
        self.conv7 = ConvBlock(128, 64, 1, 1, slope)
        self.conv8 = ConvBlock(128, 64, 3, 1, slope)
        self.conv9 = ConvBlock(64, 64, 3, 1, slope)
        self.conv10 = nn.Conv2d(64, 2, 3, 1, 1, bias=False)
        # Movements are a fiftieth of the full scale: start there, where Tanh is straight.
        nn.init.normal_(self.conv10.weight, std=1e-3)

    def forward(self, pair: Tensor) -> Tensor:
        x = self.conv1(pair.to(self.conv10.weight.dtype))  # (b, 32, 224, 224)
        skip = self.conv3(self.conv2(x))  # (b, 64, 112, 112)
        x = self.conv6(self.conv5(self.conv4(skip)))  # (b, 128, 56, 56)
        x = self.conv7(twice(x))  # (b, 64, 112, 112)
        x = self.conv9(self.conv8(torch.cat([skip, x], dim=1)))  # (b, 64, 112, 112)
        return torch.tanh(self.conv10(twice(x)).float())  # (b, 2, 224, 224)


def standardise(pair: Tensor) -> Tensor:
    """Zero mean and unit deviation per frame (ours): exposure is not motion, nor is contrast."""
    deviation, mean = torch.std_mean(pair, dim=(2, 3), keepdim=True, correction=0)
    return (pair - mean) / deviation.clamp_min(1e-2)


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def normalise(displacement: Tensor, k: int, epsilon: float) -> Tensor:
    """Eq. 1: I / max(Avg(|I|, k), ε), Avg the mean of the k largest values of a sample."""
    largest = displacement.abs().flatten(1).topk(k, dim=1).values.mean(dim=1)  # (b,)
    return displacement / largest.clamp_min(epsilon)[:, None, None, None]


class SkinMotion(nn.Module):
    """Displacement -> what of it is not the head's: less its affine part over the face (ours).

    (b, 2, 224, 224) in any unit, and in it 0 outside the oval of the face, where hair and
    background move.  The affine part is the least-squares fit over that oval; it is found on
    means of 8 × 8 pixels and is one product with a fixed matrix, so it exports and its gradient
    is cheap.  Shift, scale and roll are affine, and so is yaw or pitch of a flat face.
    """

    CELL = 8

    def __init__(self) -> None:
        super().__init__()
        axis = (torch.arange(CROP_SIZE) + 0.5) / CROP_SIZE - 0.5
        x, y = axis.expand(CROP_SIZE, CROP_SIZE), axis[:, None].expand(CROP_SIZE, CROP_SIZE)
        across, centre, down = (share / CROP_SIZE for share in FACE_OVAL_PX)
        oval = ((x / across).square() + ((y + 0.5 - centre) / down).square() < 1).float()
        share = F.avg_pool2d(oval[None], self.CELL).flatten()  # (cells,)
        terms = torch.stack([torch.ones_like(x), x, y])  # (3, 224, 224)
        cells = F.avg_pool2d(terms, self.CELL).flatten(1).T  # (cells, 3)
        fit = share[:, None] * cells @ torch.linalg.inv(cells.T @ (share[:, None] * cells))
        self.register_buffer("fit", fit, persistent=False)  # (cells, 3)
        self.register_buffer("axis", axis, persistent=False)
        self.register_buffer("oval", oval, persistent=False)

    def forward(self, displacement: Tensor) -> Tensor:
        means = F.avg_pool2d(displacement, self.CELL).flatten(2)  # (b, 2, cells)
        shift, across, down = (means @ self.fit)[..., None].split(1, dim=2)  # (b, 2, 1, 1) each
        head = shift + across * self.axis + down * self.axis[:, None]
        return (displacement - head) * self.oval


# --- Transformer fusion (supplement, section 2) ---------------------------------------------


class TransformerLayer(nn.Module):
    """Layer norm, multi-head attention, MLP, with skip connections."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, config.mlp_ratio * width),
            nn.GELU(),
            nn.Linear(config.mlp_ratio * width, width),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        x = tokens + self.dropout(self._attend(self.norm1(tokens)))
        return x + self.dropout(self.mlp(self.norm2(x)))

    def _attend(self, x: Tensor) -> Tensor:
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(q, k, v)  # (b, heads, n, width / heads)
        return self.out(x.transpose(1, 2).reshape(b, n, width))


class FusionLayer(nn.Module):
    """Weighted sum of vectors; the weights are learned, sum to 1, and are what can be shown."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.score = nn.Linear(width, 1)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        x = self.norm(tokens)
        weights = self.score(x).squeeze(-1).float().softmax(dim=-1)  # (b, n)
        return (weights.to(x.dtype).unsqueeze(-1) * x).sum(dim=1), weights  # (b, width), (b, n)


class AttentionLearning(nn.Module):
    """A stack of L transformer layers, then its fusion layer; or, as ablated, the reverse."""

    def __init__(self, config: Config, layers: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(TransformerLayer(config) for _ in range(layers)))
        self.fusion = FusionLayer(config.width)
        self.fuse_first = config.fuse_before_attention

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        if self.fuse_first:
            fused, weights = self.fusion(tokens)
            return self.layers(fused[:, None])[:, 0], weights
        return self.fusion(self.layers(tokens))


class PatchEmbedding(nn.Module):
    """Square patches -> vectors, with a learned place."""

    def __init__(self, config: Config, patch: int, places: int) -> None:
        super().__init__()
        self.patch = patch
        self.linear = nn.Conv2d(4, config.width, patch, patch)
        self.place = nn.Parameter(torch.zeros(places, config.width))
        nn.init.trunc_normal_(self.place, std=0.02)

    def forward(self, picture: Tensor) -> Tensor:
        return self.linear(picture).flatten(2).transpose(1, 2) + self.place  # (b, n, width)


class LocalFusion(nn.Module):
    """Attention among the patches inside each AU region -> one vector per region."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        height, width = config.region_size
        patches = (height // config.region_patch) * (width // config.region_patch)
        self.crop = CropRegions(config, config.region_size)
        self.embed = PatchEmbedding(config, config.region_patch, patches)
        self.region = nn.Parameter(torch.zeros(len(config.boxes), config.width))
        nn.init.trunc_normal_(self.region, std=0.02)
        self.attention = AttentionLearning(config, config.local_layers)
        self.plain = "local" in config.without

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        regions = self.crop(picture)  # (b, 6, 4, h, w)
        b, r = regions.shape[:2]
        tokens = self.embed(regions.flatten(0, 1))  # (b * 6, n, width)
        tokens = (tokens.view(b, r, *tokens.shape[1:]) + self.region[:, None]).flatten(0, 1)
        if self.plain:
            vectors, weights = (
                tokens.mean(dim=1),
                torch.full_like(tokens[..., 0], 1 / tokens.shape[1]),
            )
        else:
            vectors, weights = self.attention(tokens)
        return vectors.view(b, r, -1), weights.view(b, r, -1)


class CropRegions(nn.Module):
    """Every region box averaged down to one size: (b, c, 224, 224) -> (b, regions, c, h, w).

    Two products with fixed matrices: adaptive pooling with uneven bins does not export to ONNX.
    """

    def __init__(self, config: Config, size: tuple[int, int]) -> None:
        super().__init__()
        self.boxes = config.boxes
        for index, (x0, y0, x1, y1) in enumerate(self.boxes):
            rows, columns = _averaging(y1 - y0, size[0]), _averaging(x1 - x0, size[1])
            self.register_buffer(f"rows{index}", rows, persistent=False)
            self.register_buffer(f"columns{index}", columns.T.contiguous(), persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        crops = [
            self.get_buffer(f"rows{index}")
            @ picture[:, :, y0:y1, x0:x1]
            @ self.get_buffer(f"columns{index}")
            for index, (x0, y0, x1, y1) in enumerate(self.boxes)
        ]
        return torch.stack(crops, dim=1)


def _averaging(source: int, target: int) -> Tensor:
    """(target, source) matrix whose rows average equal shares of the source."""
    edges = np.linspace(0, source, target + 1)
    left = np.maximum(edges[:-1, None], np.arange(source)[None])
    right = np.minimum(edges[1:, None], np.arange(1, source + 1)[None])
    overlap = np.maximum(right - left, 0.0)
    return torch.from_numpy(overlap / overlap.sum(axis=1, keepdims=True)).float()


class GlobalFusion(nn.Module):
    """Attention across the AU regions."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(len(config.boxes), config.width))
        nn.init.trunc_normal_(self.place, std=0.02)
        self.attention = AttentionLearning(config, config.global_layers)

    def forward(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        return self.attention(regions + self.place)


class FullFaceFusion(nn.Module):
    """Attention among the patches of the whole face."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        patches = (CROP_SIZE // config.face_patch) ** 2
        self.embed = PatchEmbedding(config, config.face_patch, patches)
        self.attention = AttentionLearning(config, config.full_layers)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        return self.attention(self.embed(picture))


class TransformerFusion(nn.Module):
    """(b, 4, 224, 224) normalised displacement and pair -> (b, 3 · width) and the weights.

    A module that is left out answers zeros; without the local one, a region is the plain mean of
    its embedded patches.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.local = LocalFusion(config)
        self.across = GlobalFusion(config)
        self.full = FullFaceFusion(config)
        self.without = config.without

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        picture = picture.to(self.local.region.dtype)
        regions, local_weights = self.local(picture)
        across, global_weights = self.across(regions)
        full, full_weights = self.full(picture)
        vectors = {"local": regions.mean(dim=1), "across": across, "full": full}
        for name in self.without:
            vectors[name] = torch.zeros_like(vectors[name])
        features = torch.cat(list(vectors.values()), dim=1)
        return features.float(), local_weights, global_weights, full_weights


# --- Heads -----------------------------------------------------------------------------------


class EventHead(nn.Module):
    """Is it an event?  Sees the fused features and the displacement of every AU region.

    Ours: of each region, the mean motion and its mean length over a 2 × 4 grid, in pixels.
    """

    GRID = (2, 4)

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.crop = CropRegions(config, self.GRID)
        cells = self.GRID[0] * self.GRID[1]
        self.raw = nn.Sequential(nn.Linear(len(config.boxes) * cells * 3, config.width), nn.GELU())
        self.out = nn.Sequential(
            nn.LayerNorm(4 * config.width),
            nn.Linear(4 * config.width, config.width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.width, 1),
        )

    def forward(self, features: Tensor, displacement: Tensor) -> Tensor:
        length = (displacement.square().sum(dim=1, keepdim=True) + 1e-6).sqrt()
        motion = torch.cat([displacement, length], dim=1)
        raw = self.crop(motion).flatten(1)  # (b, 6 * 3 * 8)
        return self.out(torch.cat([features, self.raw(raw)], dim=1)).squeeze(1).float()


class FrlDgt(nn.Module):
    def __init__(self, config: Config | None = None) -> None:
        super().__init__()
        self.config = config or Config()
        self.dgm = DisplacementGeneration(self.config)
        self.skin = SkinMotion() if self.config.still_head else nn.Identity()
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
        picture = torch.cat([normal, standardise(pair)], dim=1)  # (b, 4, 224, 224)
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
