"""One LiteRT network: float arrays in, float arrays out, one thread, no socket."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray


class Network:
    """A network with one input whose outputs are identified by their number of values."""

    def __init__(self, model: bytes) -> None:
        with _native_stderr_silenced():
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {
            int(np.prod(detail["shape"])): detail["index"]
            for detail in reversed(self._interpreter.get_output_details())
        }

    def run(
        self, fill: Callable[[NDArray[np.float32]], None], *shapes: tuple[int, ...]
    ) -> tuple[NDArray[np.float32], ...]:
        """The outputs that have as many values as the given shapes, so shaped.

        Args:
            fill: writes every value of the network's input, where it lies; must not keep it.
        """
        fill(self._interpreter.tensor(self._input)())
        self._interpreter.invoke()
        return tuple(
            self._interpreter.get_tensor(self._outputs[int(np.prod(shape))]).reshape(shape)
            for shape in shapes
        )


@contextlib.contextmanager
def _native_stderr_silenced() -> Iterator[None]:
    """The runtime greets on file descriptor 2 and has no switch for it; a dashboard owns that."""
    sys.stderr.flush()
    kept = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)
