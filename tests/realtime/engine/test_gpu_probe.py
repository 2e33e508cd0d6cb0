"""The probe with a scripted NVML, and as a process."""

import pynvml
import pytest

from realtime.engine import gpu_probe, gpu_query
from realtime.engine.gpu_probe import Gpu, Gpus


class Memory:
    total = 8 << 30


@pytest.fixture
def two_gpus(monkeypatch):
    answers = {
        "nvmlInit": lambda: None,
        "nvmlSystemGetCudaDriverVersion_v2": lambda: 13000,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda handle: f"GPU {handle}",
        "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle}abc",
        "nvmlDeviceGetCudaComputeCapability": lambda handle: (9, handle),
        "nvmlDeviceGetMemoryInfo": lambda handle: Memory(),
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, answer)


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        (None, ["GPU 0", "GPU 1"]),
        ("1, 0", ["GPU 1", "GPU 0"]),
        ("GPU-1a", ["GPU 1"]),
        ("0,-1,1", ["GPU 0"]),
        ("", []),
    ],
)
def test_what_cuda_may_see_in_its_order(two_gpus, monkeypatch, visible, names):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = gpu_query.ask()
    assert [gpu.name for gpu in found.gpus] == names
    assert bool(found.trouble) == (not names)


def test_what_is_told_of_a_gpu(two_gpus, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert gpu_query.ask() == Gpus((Gpu("GPU 1", (9, 1), 8192),), 13000, "")


def test_a_driver_in_trouble_is_quoted(monkeypatch):
    def fail():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    assert "Driver Not Loaded" in gpu_query.ask().trouble


def test_the_process_answers():
    found = gpu_probe.find_gpus()
    assert bool(found.gpus) == (not found.trouble)
