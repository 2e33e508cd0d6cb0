"""Makes the clips of the queue, one after the other in a thread of its own, the next one ahead."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

_KEPT = 4  # clips; one of 90 frames has about 5 MB


class ClipMaker:
    """Context manager; the thread runs inside the block.

    Args:
        make: gives the clip of an item by its number, and tells how far it is, from 0 to 1;
            called in the thread.
        count: of the items.
    """

    def __init__(self, make: Callable[[int, Callable[[float], None]], bytes], count: int) -> None:
        self._make, self._count = make, count
        self._making, self._share = -1, 0.0
        self._made: OrderedDict[int, Future[bytes]] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clips")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def clip(self, number: int) -> Future[bytes]:
        """Of an item; the one after it is made next.  Called from one thread only."""
        wanted = self._begin(number)
        if number + 1 < self._count:
            self._begin(number + 1)
        return wanted

    def share(self, number: int) -> float:
        """How much of an item's clip is made, 0 to 1; 0 while another is.  From any thread."""
        making, share = self._making, self._share
        return share if making == number else 0.0

    def _made_now(self, number: int) -> bytes:
        self._share, self._making = 0.0, number
        return self._make(number, self._note)

    def _note(self, share: float) -> None:
        self._share = share

    def _begin(self, number: int) -> Future[bytes]:
        known = self._made.pop(number, None)
        if known is None or known.cancelled() or (known.done() and known.exception()):
            known = self._thread.submit(self._made_now, number)
        self._made[number] = known
        while len(self._made) > _KEPT:
            _, oldest = self._made.popitem(last=False)
            oldest.cancel()
        return known
