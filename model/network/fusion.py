"""Transformer fusion of the AU regions and the whole face (supplement of the paper, section 2).

Local attention inside each region, global attention across regions, attention over the whole
face; each ends in a fusion layer whose weights can be shown.  Called by `model.network.frl_dgt`.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from model.network.network_config import Config
from realtime.face.geometry import CROP_SIZE


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
        mixed: Tensor = x + self.dropout(self.mlp(self.norm2(x)))
        return mixed

    def _attend(self, x: Tensor) -> Tensor:
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        x = F.scaled_dot_product_attention(q, k, v)  # (b, heads, n, width / heads)
        out: Tensor = self.out(x.transpose(1, 2).reshape(b, n, width))
        return out


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
        vector, weights = self.fusion(self.layers(tokens))
        return vector, weights


class PatchEmbedding(nn.Module):
    """Square patches -> vectors, with a learned place.

    Convolutions that halve the picture until a patch is one place: they know that a movement is
    the same a pixel further on, which one linear map of a patch would have to learn.
    """

    def __init__(self, config: Config, patch: int, places: int) -> None:
        super().__init__()
        maps, layers = 4, list[nn.Module]()
        if config.stem:
            layers += _convolution(maps, config.stem, stride=1)
            maps = config.stem
            while patch > 1:
                wider = min(2 * maps, config.width)
                layers += _convolution(maps, wider, stride=2)
                maps, patch = wider, patch // 2
        self.embed = nn.Sequential(*layers, nn.Conv2d(maps, config.width, patch, patch))
        self.place = nn.Parameter(torch.zeros(places, config.width))
        nn.init.trunc_normal_(self.place, std=0.02)

    def forward(self, picture: Tensor) -> Tensor:
        embedded: Tensor = self.embed(picture)
        return embedded.flatten(2).transpose(1, 2) + self.place  # (b, n, width)


def _convolution(entry: int, out: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(entry, out, 3, stride, 1), nn.GroupNorm(4, out), nn.GELU()]


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
        vector, weights = self.attention(regions + self.place)
        return vector, weights


class FullFaceFusion(nn.Module):
    """Attention among the patches of the whole face."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        patches = (config.face_size // config.face_patch) ** 2
        self.cell = CROP_SIZE // config.face_size
        self.embed = PatchEmbedding(config, config.face_patch, patches)
        self.attention = AttentionLearning(config, config.full_layers)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        vector, weights = self.attention(self.embed(F.avg_pool2d(picture, self.cell)))
        return vector, weights


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
