"""What the network is trained on, in pixels of the crop.  Called by the trainer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from model.synthetic.combinations import UNKNOWN
from model.synthetic.recipe import NON_EVENT


@dataclass(frozen=True, slots=True)
class Weights:
    """Share of each term; the displacement terms are of the order of 0.1 px, the others of 1."""

    classes: float = 1.0  # cross-entropy, events only
    event: float = 1.0  # binary cross-entropy, all pairs
    units: float = 7.0  # binary cross-entropy of action units, mean over them, all pairs
    displacement: float = 2.0  # end-point error against the known truth
    photometric: float = 0.05  # the paper's self-supervision: apex explained by the onset
    smoothness: float = 0.02
    # Self-supervise pairs whose displacement is known as well: it costs more than it brings
    # (docs/ablation_losses.md).
    supervise_known: bool = False


def endpoint(displacement: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """Mean distance to the true displacement, px, over skin seen in both pictures.

    Pixels count for more the further they move: most of a face hardly does.
    """
    distance = ((displacement - truth).square().sum(dim=1) + 1e-4).sqrt()  # (b, h, w)
    weight = (0.3 + truth.square().sum(dim=1).sqrt()).clamp_max(3.0) * valid
    return (distance * weight).sum() / weight.sum().clamp_min(1.0)


def photometric(pair: Tensor, displacement: Tensor, valid: Tensor) -> Tensor:
    """Difference between the apex and the onset carried along, in standardised grey levels."""
    onset, apex = pair[:, :1], pair[:, 1:]
    carried = carry(onset, displacement)
    difference = ((apex - carried).square().squeeze(1) + 1e-3).sqrt()
    return (difference * valid).sum() / valid.sum().clamp_min(1.0)


def carry(onset: Tensor, displacement: Tensor) -> Tensor:
    """`onset(x - displacement(x))`, bilinear: the predicted apex."""
    height, width = onset.shape[2:]
    y = torch.arange(height, dtype=displacement.dtype, device=displacement.device)
    x = torch.arange(width, dtype=displacement.dtype, device=displacement.device)
    grid_x = (x - displacement[:, 0]) * (2 / (width - 1)) - 1
    grid_y = (y[:, None] - displacement[:, 1]) * (2 / (height - 1)) - 1
    grid = torch.stack([grid_x, grid_y], dim=-1)
    return F.grid_sample(onset.float(), grid, padding_mode="border", align_corners=True)


def smoothness(displacement: Tensor) -> Tensor:
    """Mean difference between neighbours; 0 for a batch of no pair."""
    if not len(displacement):
        return displacement.sum()
    across = (displacement[..., 1:] - displacement[..., :-1]).abs().mean()
    return across + (displacement[..., 1:, :] - displacement[..., :-1, :]).abs().mean()


def classes(logits: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy over the events of a batch; 0 if it holds none."""
    event = label != NON_EVENT
    if not bool(event.any()):
        return logits.sum() * 0
    return F.cross_entropy(logits[event], label[event])


def event(micro_logit: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy; events and non-events of a batch weigh alike, however many there are."""
    shown = label != NON_EVENT
    share = shown.float().mean().clamp(1 / len(label), 1 - 1 / len(label))
    weight = torch.where(shown, 0.5 / share, 0.5 / (1 - share))
    return F.binary_cross_entropy_with_logits(micro_logit, shown.float(), weight)


def units(au_logits: Tensor, acts: Tensor) -> Tensor:
    """Mean over the units and sides (b, 11, 2) of which it is known whether they act."""
    known = acts != UNKNOWN
    if not bool(known.any()):
        return au_logits.sum() * 0
    return F.binary_cross_entropy_with_logits(au_logits[known], acts[known].float())
