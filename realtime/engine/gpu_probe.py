"""Which NVIDIA GPUs can be used, probed in a process of its own: a broken driver may crash it.

NVML counts GPUs by their place on the bus; CUDA is set to do so too, so that the first GPU here is
the first there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import pynvml

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
            [sys.executable, "-m", "realtime.engine.gpu_probe"],
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


def _ask() -> Gpus:
    try:
        pynvml.nvmlInit()
        driver = int(pynvml.nvmlSystemGetCudaDriverVersion_v2())
        count = int(pynvml.nvmlDeviceGetCount())
        every = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
        gpus = tuple(_gpu(handle) for handle in _visible(every))
    except pynvml.NVMLError_LibraryNotFound:
        return Gpus((), 0, "no NVIDIA driver")
    except pynvml.NVMLError as error:
        return Gpus((), 0, f"the NVIDIA driver answers: {error}")
    if every and not gpus:
        return Gpus((), driver, "CUDA_VISIBLE_DEVICES hides every GPU")
    return Gpus(gpus, driver, "" if gpus else "the driver knows no GPU")


def _gpu(handle: Any) -> Gpu:
    major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    memory = int(pynvml.nvmlDeviceGetMemoryInfo(handle).total)
    return Gpu(str(pynvml.nvmlDeviceGetName(handle)), (major, minor), memory >> 20)


def _visible(every: Sequence[Any]) -> list[Any]:
    """What CUDA_VISIBLE_DEVICES leaves: numbers or beginnings of UUIDs, until one fits none."""
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    if wanted is None:
        return list(every)
    chosen = []
    for name in (part.strip() for part in wanted.split(",")):
        fits = [
            handle
            for index, handle in enumerate(every)
            if name == str(index)
            or (len(name) > 4 and str(pynvml.nvmlDeviceGetUUID(handle)).startswith(name))
        ]
        if not fits:
            break
        chosen.append(fits[0])
    return chosen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_ask())))
