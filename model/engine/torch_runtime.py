"""The network in torch behind the engine contract: the reference the other backends are held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import safetensors
import safetensors.torch
import torch

from model.engine.engine_folder import WEIGHTS
from model.network.frl_dgt import FrlDgt
from realtime.engine.folder import EngineFolder
from realtime.engine.runtime import Answer, Array, Progress
from realtime.errors import EngineMismatch

if TYPE_CHECKING:
    from realtime.engine.backends import Backend


class TorchSession:
    """Eager torch on the CPU, channels last, which its convolutions prefer."""

    def __init__(self, name: str, weights: bytes, threads: int) -> None:
        self.name = name
        torch.set_num_threads(threads)
        self._model = FrlDgt().eval()
        try:
            self._model.load_state_dict(safetensors.torch.load(weights))
        except (RuntimeError, safetensors.SafetensorError) as error:
            raise EngineMismatch(f"torch does not take the weights: {error}") from error
        self._model = self._model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(self, pairs: Array) -> Answer:
        with torch.inference_mode():
            given = torch.from_numpy(pairs).to(memory_format=torch.channels_last)
            return Answer(*(value.contiguous().numpy() for value in self._model(given)))


def open_session(
    folder: EngineFolder, backend: Backend, threads: int, progress: Progress
) -> TorchSession:
    del progress  # it loads in seconds
    return TorchSession(backend.name, folder.read(WEIGHTS), threads)
