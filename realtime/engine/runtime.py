"""What an engine session is: pairs in, the network's answers out, the same from every backend."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from realtime.engine.folder import EngineFolder
from realtime.errors import EngineMismatch

if sys.platform != "win32":
    import resource

Array = NDArray[np.float32]
Progress = Callable[[str], None]  # called with the progress of a long load, in words

_MAX_BYTES = 4_000_000_000  # of memory that a network on the CPU may take; ours takes 0.3 GB


@dataclass(frozen=True, slots=True)
class Answer:
    """The network's outputs for n pairs."""

    logits: Array  # (n, 3) negative, positive, surprise
    micro_logit: Array  # (n,)
    displacement: Array  # (n, 2, 224, 224) x, y, crop pixels, onset to apex
    fusion_local: Array  # (n, 6, patches), rows sum to 1
    fusion_global: Array  # (n, 6)
    fusion_full: Array  # (n, patches)
    au_logits: Array | None = None  # (n, 11, 2) `ACTION_UNITS` on the person's right and left


# As the ONNX file names them; an engine from before action units lacks the optional ones.
OPTIONAL_OUTPUTS = ("au_logits",)
OUTPUTS = tuple(name for name in Answer.__dataclass_fields__ if name not in OPTIONAL_OUTPUTS)


def available(outputs: Collection[str]) -> tuple[str, ...] | None:
    """Which of a network's outputs to ask for, in `Answer`'s order; None: a needed one lacks."""
    if not set(OUTPUTS) <= set(outputs):
        return None
    return (*OUTPUTS, *(name for name in OPTIONAL_OUTPUTS if name in outputs))


def joined(parts: Sequence[Answer]) -> Answer:
    """The answers of several batches as one."""
    named = [part.au_logits for part in parts if part.au_logits is not None]
    needed = (np.concatenate([getattr(part, name) for part in parts]) for name in OUTPUTS)
    return replace(Answer(*needed), au_logits=np.concatenate(named) if named else None)


class EngineSession(Protocol):
    name: str  # backend and precision, "onnxruntime-f32"

    def run(self, pairs: Array) -> Answer:
        """Answer pairs (n, 2, 224, 224) of onset and apex crops in [0, 1]."""


def check_canary(session: EngineSession, folder: EngineFolder, tolerance: float = 2e-3) -> None:
    """Compare the session's answer to the folder's canary.

    Args:
        tolerance: what rounding may do to a logit, absolute and as a share of it.

    Raises:
        EngineMismatch: it differs by more.
    """
    answer = session.run(folder.canary.pair)
    expected = np.array([*folder.canary.logits, folder.canary.micro_logit])
    found = np.array([*answer.logits[0], answer.micro_logit[0]], np.float64)
    if not np.allclose(found, expected, atol=tolerance, rtol=tolerance):
        raise EngineMismatch(
            f"{session.name} does not give the answer {folder.path} was exported with"
        )


def limit_memory(runtime: str) -> None:
    """Bound what this process may allocate, so that a hostile network is an error and no more.

    For runtimes on the CPU; a GPU's driver maps far more than it uses.
    """
    if sys.platform.startswith("linux") and runtime in ("onnxruntime", "openvino"):
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (_MAX_BYTES, most))
