import pytest
import torch

from model.training import autocast as precision


@pytest.fixture(autouse=True)
def asked_anew():
    precision._in_hardware.cache_clear()
    yield
    precision._in_hardware.cache_clear()


@pytest.mark.parametrize(
    ("capabilities", "kind"),
    [
        ({"avx512_bf16": True, "avx2": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx512_bf16": False, "avx2": True}, torch.float32),
        ({}, torch.float32),
    ],
)
def test_a_processor_that_would_imitate_bf16_keeps_float32(monkeypatch, capabilities, kind):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    with precision.autocast(torch.device("cpu")):
        assert torch.mm(torch.eye(2), torch.eye(2)).dtype is kind
