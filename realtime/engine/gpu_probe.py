"""Which NVIDIA GPUs can be used, probed in a process of its own: a broken driver may crash it.

That process is `gpu_query`.  NVML counts GPUs by their place on the bus; CUDA is set to do so too,
so that the first GPU here is the first there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

_PROBE_S = 20.0
os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")


@dataclass(frozen=True, slots=True)
class Gpu:
    name: str
    compute_capability: tuple[int, int]
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Gpus:
    gpus: tuple[Gpu, ...]
    driver: int  # newest CUDA version it knows, 13000 is 13.0; 0: none
    trouble: str  # why there is none; empty if there is one


@cache
def find_gpus() -> Gpus:
    """Ask once a process."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "realtime.engine.gpu_query"],
            capture_output=True,
            text=True,
            timeout=_PROBE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Gpus((), 0, f"the driver does not answer ({error})")
    if done.returncode:
        return Gpus((), 0, f"asking the driver ended with code {done.returncode}")
    answer = json.loads(done.stdout)
    gpus = tuple(
        Gpu(g["name"], (g["compute_capability"][0], g["compute_capability"][1]), g["memory_mb"])
        for g in answer["gpus"]
    )
    return Gpus(gpus, answer["driver"], answer["trouble"])
