"""The displacement module in fewer operations, for inference: the same function, other order.

Upsampling is linear and mixes no channels; a convolution over one pixel mixes nothing but channels.
So the two change places wherever they meet, and the cheaper one goes first:

    conv7, 1 × 1 over 128 upsampled channels    ->  conv7 at a quarter of the pixels, then upsample
    conv10, 3 × 3 from 64 upsampled channels    ->  its nine taps as 1 × 1 at a quarter of the
                                                    pixels, upsample those 18, shift each, add

Exact up to rounding, borders included: interpolation keeps a constant, so conv7's bias too, and
zeros are laid around conv10's taps after the upsampling, as around its input before.  Not for
training: batch statistics are others before the upsampling than behind it.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from model.network.displacement import DisplacementGeneration, twice
from model.network.frl_dgt import FrlDgt

_TAPS = 9  # of a 3 × 3 kernel


class LeanDisplacement(nn.Module):
    """Takes the layers of a trained `DisplacementGeneration`, which must not be trained on."""

    taps: Tensor

    def __init__(self, module: DisplacementGeneration) -> None:
        super().__init__()
        self.module = module
        # (2, 64, 3, 3) -> (9 · 2, 64, 1, 1): for each tap both outputs
        taps = module.conv10.weight.detach().permute(2, 3, 0, 1).reshape(2 * _TAPS, -1, 1, 1)
        self.register_buffer("taps", taps.contiguous())

    def forward(self, pair: Tensor) -> Tensor:
        m = self.module
        x = m.conv1(pair.to(self.taps.dtype))  # (b, 32, 224, 224)
        skip = m.conv3(m.conv2(x))  # (b, 64, 112, 112)
        x = m.conv6(m.conv5(m.conv4(skip)))  # (b, 128, 56, 56)
        convolve, normalise, bend = m.conv7
        x = bend(twice(normalise(convolve(x))))  # (b, 64, 112, 112)
        x = m.conv9(m.conv8(torch.cat([skip, x], dim=1)))  # (b, 64, 112, 112)
        taps = F.pad(twice(F.conv2d(x, self.taps)), (1, 1, 1, 1))  # (b, 18, 226, 226)
        height, width = pair.shape[2:]
        shifted = [
            taps[:, 2 * k : 2 * k + 2, k // 3 : k // 3 + height, k % 3 : k % 3 + width]
            for k in range(_TAPS)
        ]
        return torch.tanh(torch.stack(shifted).sum(dim=0).float())  # (b, 2, 224, 224)


def lean(model: FrlDgt) -> FrlDgt:
    """A copy that computes the same with less."""
    made = copy.deepcopy(model).eval()
    made.dgm = LeanDisplacement(made.dgm)  # type: ignore[assignment]  # it answers the same
    return made
