"""Quantiles of short arrays, as numpy's.

Called by whatever compares a moment with the last seconds of a face, from Python and from other
kernels.  On a hundred values numpy's own take ten times as long, and numba's as long to compile
as all of these kernels.
"""

from __future__ import annotations

import numba


@numba.njit(nogil=True, cache=True)
def quantile(values, share):  # type: ignore[no-untyped-def]
    """Of values (n,), n > 0; between neighbours in proportion.  Their order is changed."""
    at = share * (len(values) - 1)
    k = int(at)
    low, high = 0, len(values) - 1
    while low < high:  # Hoare's selection: until the k-th stands in its place
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    found = values[k]
    if at > k:
        above = values[k + 1]
        for i in range(k + 2, len(values)):
            above = min(above, values[i])
        found += (at - k) * (above - found)
    return found
