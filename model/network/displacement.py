"""Displacement between two frames: the generation module, eq. 1, and what of it is skin's own.

Supplement of the paper, table 1.  Called by `model.network.frl_dgt`, the trainer and the exporter.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from model.network.network_config import Config
from realtime.face.geometry import CROP_SIZE

# Half width, height of the centre and half height of the face in the crop, pixels: brows to chin.
FACE_OVAL_PX = (92.0, 108.0, 108.0)


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
    fit: Tensor
    axis: Tensor
    oval: Tensor

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
        head: Tensor = shift + across * self.axis + down * self.axis[:, None]
        return (displacement - head) * self.oval
