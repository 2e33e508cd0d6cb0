"""Error of measured displacement: `python -m benchmarks.network.displacement --portraits CACHE`

End-point error, pixels of the 224 × 224 crop, of the engine's displacement module beside DIS and
Farneback optical flow and zero displacement, on synthetic pairs of held-out identities whose true
displacement is known, by the length of that displacement.  The intervals are over identities.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from model.evaluation.metrics.intervals import interval
from model.evaluation.recogniser import Recogniser
from model.progress import progress
from model.synthetic.pairs import Pair, make_pair
from model.synthetic.portraits import Portrait, load_cache, split
from model.synthetic.recipe import Recipe
from realtime.engine.folder import default_engine
from realtime.errors import DataError, FleetingError

SEED = 2_000_003
BANDS_PX = (0.0, 0.25, 0.5, 1.0, 2.0, np.inf)
TITLE = "Displacement error"
ABOUT = (
    "End-point error of the engine's displacement module and of three optical-flow methods, by the "
    "length of the true displacement. All lengths are pixels of the 224 × 224 crop, in which the "
    "inter-ocular distance is 72."
)

Flow = Callable[[Pair], NDArray[np.float32]]  # -> (2, 224, 224), apex' grid


def methods(recogniser: Recogniser) -> dict[str, Flow]:
    """Displacement at the apex' pixels; flow runs from the apex back to the onset."""
    presets = {
        "DIS, fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
        "DIS, medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
    }
    answers: dict[str, Flow] = {
        "displacement module": lambda pair: recogniser.answers(
            np.stack([pair.onset, pair.apex])[None]
        ).displacement[0]
    }
    for name, preset in presets.items():
        flow = cv2.DISOpticalFlow.create(preset)
        answers[name] = lambda pair, flow=flow: _back(flow.calc(pair.apex, pair.onset, None))
    answers["Farneback"] = lambda pair: _back(
        cv2.calcOpticalFlowFarneback(pair.apex, pair.onset, None, 0.5, 3, 15, 3, 5, 1.2, 0)
    )
    answers["zero displacement"] = lambda pair: np.zeros((2, *pair.onset.shape), np.float32)
    return answers


def _back(flow: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(-flow.transpose(2, 0, 1), np.float32)


def measure(
    flows: dict[str, Flow], portraits: Sequence[Portrait], count: int
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64], list[str]]:
    """Summed errors (pairs, bands) by method, pixels (pairs, bands), and who is shown."""
    errors = {name: np.zeros((count, len(BANDS_PX) - 1)) for name in flows}
    pixels = np.zeros((count, len(BANDS_PX) - 1))
    shown = []
    for index in progress(range(count), "pairs"):
        portrait = portraits[index % len(portraits)]
        shown.append(portrait.name)
        pair = make_pair([portrait], SEED, index, Recipe())
        length = np.hypot(*pair.displacement)
        found = {name: np.hypot(*(flow(pair) - pair.displacement)) for name, flow in flows.items()}
        for band, (low, high) in enumerate(itertools.pairwise(BANDS_PX)):
            where = pair.valid & (length >= low) & (length < high)
            pixels[index, band] = where.sum()
            for name, error in found.items():
                errors[name][index, band] = error[where].sum()
    return errors, pixels, shown


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--portraits", type=Path, required=True, help="portraits.npz of a training run"
    )
    parser.add_argument("--engine", type=Path, default=default_engine())
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--out", type=Path, help="write the table to this file too")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        _, held_out = split(load_cache(given.portraits))
        if not held_out:
            raise DataError("no portrait is held out: give more with --portraits")
        recogniser = Recogniser(given.engine)
        errors, pixels, shown = measure(methods(recogniser), held_out, given.count)
    except FleetingError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    spans = [f"{low:g}–{high:g} px" for low, high in itertools.pairwise(BANDS_PX)]
    spans[-1] = f"over {BANDS_PX[-2]:g} px"
    rows = []
    for name, error in errors.items():
        cells = [
            interval(_mean(error[:, band], pixels[:, band]), shown) for band in range(len(spans))
        ]
        whole = interval(_mean(error.sum(axis=1), pixels.sum(axis=1)), shown)
        rows.append([name, *map(str, cells), str(whole)])
    text = table(["method", *spans, "all skin"], rows)
    foot = (
        f"End-point error, px, and its 95 % interval over {len(set(shown))} held-out identities; "
        f"{given.count} pairs, engine {recogniser.folder.fingerprint}. Shares of the skin: "
        + ", ".join(f"{share:.0%}" for share in pixels.sum(axis=0) / pixels.sum())
        + f". {machine()}\n"
    )
    publish(page(TITLE, ABOUT, text, foot), given.out)
    return 0


def _mean(
    error: NDArray[np.float64], pixels: NDArray[np.float64]
) -> Callable[[NDArray[np.intp]], float | None]:
    def statistic(rows: NDArray[np.intp]) -> float | None:
        total = pixels[rows].sum()
        return float(error[rows].sum() / total) if total else None

    return statistic


if __name__ == "__main__":
    sys.exit(main())
