"""What an engine session is, and which ones this installation has.

A session answers pairs of aligned crops.  Every backend gives the same answers; which one runs
is never chosen silently: its name is on the screen and in the
session file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from realtime.engine.folder import EngineFolder
from realtime.errors import EngineError, EngineMismatch

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answer:
    """The network's outputs for n pairs."""

    logits: Array  # (n, 3) negative, positive, surprise
    micro_logit: Array  # (n,)
    displacement: Array  # (n, 2, 224, 224) x, y, crop pixels, onset to apex
    fusion_local: Array  # (n, 6, patches), rows sum to 1
    fusion_global: Array  # (n, 6)
    fusion_full: Array  # (n, patches)


class EngineSession(Protocol):
    name: str  # backend and precision, "onnxruntime-f32"

    def run(self, pairs: Array) -> Answer:
        """Answer pairs (n, 2, 224, 224) of onset and apex crops in [0, 1]."""


_PRECISIONS = {"onnxruntime": "onnxruntime-f32"}  # backends of this version and their names


def resolve(backend: str) -> str:
    """The session name a backend stands for; "auto" is the best one there is.

    Raises:
        EngineError: there is no such backend in this version.
    """
    if backend == "auto":
        return _PRECISIONS["onnxruntime"]
    if backend not in _PRECISIONS:
        raise EngineError(
            f"backend {backend} is not part of this version; use {', '.join(_PRECISIONS)} or auto"
        )
    return _PRECISIONS[backend]


def open_session(folder: EngineFolder, backend: str, threads: int) -> EngineSession:
    """Open a backend by name or "auto".

    Raises:
        EngineError: there is no such backend here, or it does not take the network.
    """
    resolve(backend)
    from realtime.engine.onnxruntime_session import OnnxRuntimeSession

    return OnnxRuntimeSession(folder, threads)


def check_canary(session: EngineSession, folder: EngineFolder) -> None:
    """Compare the session's answer to the folder's canary.

    Raises:
        EngineMismatch: it differs by more than rounding.
    """
    answer = session.run(folder.canary.pair)
    expected = np.array([*folder.canary.logits, folder.canary.micro_logit])
    found = np.array([*answer.logits[0], answer.micro_logit[0]], np.float64)
    if not np.allclose(found, expected, atol=2e-3, rtol=2e-3):
        raise EngineMismatch(
            f"{session.name} does not give the answer {folder.path} was exported with"
        )
