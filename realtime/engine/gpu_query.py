"""What NVIDIA's driver says of its GPUs: the process that `gpu_probe` starts.

Prints `Gpus` as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pynvml

from realtime.engine.gpu_probe import Gpu, Gpus


def ask() -> Gpus:
    """The GPUs of this machine that CUDA_VISIBLE_DEVICES leaves."""
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
    sys.stdout.write(json.dumps(asdict(ask())))
