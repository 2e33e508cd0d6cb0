"""Which NVIDIA GPUs can be used, asked in a process of its own: a broken driver takes that down.

Only the driver's own library is loaded; nothing needs to be installed to ask.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import cache

_PROBE_S = 20.0
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_…


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
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        cuda = ctypes.CDLL(library)
    except OSError:
        return Gpus((), 0, "no NVIDIA driver")
    code = cuda.cuInit(0)
    if code:
        return Gpus((), 0, f"the NVIDIA driver answers with error {code}")
    number, version = ctypes.c_int(), ctypes.c_int()
    cuda.cuDriverGetVersion(ctypes.byref(version))
    cuda.cuDeviceGetCount(ctypes.byref(number))
    gpus = []
    for index in range(number.value):
        device, value = ctypes.c_int(), ctypes.c_int()
        name, memory = ctypes.create_string_buffer(200), ctypes.c_size_t()
        cuda.cuDeviceGet(ctypes.byref(device), index)
        cuda.cuDeviceGetName(name, len(name), device)
        cuda.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
        capability = []
        for attribute in (_MAJOR, _MINOR):
            cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
            capability.append(value.value)
        gpus.append(Gpu(name.value.decode(), (capability[0], capability[1]), memory.value >> 20))
    return Gpus(tuple(gpus), version.value, "" if gpus else "the driver knows no GPU")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_ask())))
