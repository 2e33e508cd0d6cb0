"""bfloat16 where it is fast: on a GPU, and on processors with instructions for it.

Other processors emulate it, far slower than float32.  Called by the trainer and the
ablation.
"""

from __future__ import annotations

from functools import cache

import torch


def autocast(device: torch.device) -> torch.autocast:
    """For the displacement module's convolutions."""
    fast = device.type != "cpu" or _in_hardware()
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


@cache
def _in_hardware() -> bool:
    return any(value for name, value in torch.cpu.get_capabilities().items() if "bf16" in name)
