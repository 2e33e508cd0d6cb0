"""The pictures of the docs: `python -m benchmarks.network.pictures NAME --out FILE.png`

    contact-sheet  what the generator makes: onset, apex and true displacement of each kind
    displacement   the engine's displacement beside the truth
    fusion         fusion weights on a face, as the paper's figure 2
    reliability    how often the engine is right when it says how sure it is
    confusion      which class is taken for which

Faces shown are of the public-domain portrait that --demo uses, varied by the generator; it is never
trained on.  The two diagrams take pairs of all held-out identities (--portraits).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from benchmarks.network.recognition import drawn
from model.evaluation.metrics.ranking import expected_calibration_error, reliability
from model.evaluation.metrics.recognition import confusion, uf1
from model.evaluation.recogniser import Recogniser
from model.network.network_config import Config
from model.synthetic.pairs import Pair, make_pair
from model.synthetic.portraits import Portrait, find_portraits, load_cache, split
from model.synthetic.recipe import DRAWN_NON_EVENTS, NON_EVENT, Recipe
from model.synthetic.skin_models import LEARNED
from realtime.engine.folder import default_engine
from realtime.errors import DataError, FleetingError
from realtime.event import CLASSES
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

SEED = 3_000_017
_DPI = 110
_EVENTS = (("surprise", 2), ("positive", 1), ("negative", 0))


def contact_sheet(given: argparse.Namespace) -> Figure:
    """A row for each class and each non-event."""
    portraits = _demo_portrait()
    wanted: list[tuple[str, Recipe]] = [
        (motion, Recipe(motions=(motion,), non_event_share=0.0, peak_iod=(0.02, 0.035)))
        for motion in LEARNED
    ]
    wanted += [
        (kind, Recipe(non_event_share=1.0, non_events=(kind,), glasses_share=0.3))
        for kind in DRAWN_NON_EVENTS
    ]
    figure, axes = plt.subplots(len(wanted), 9, figsize=(13.5, 1.5 * len(wanted)))
    for row, (name, recipe) in zip(axes, wanted, strict=True):
        for place in range(3):
            pair = make_pair(portraits, SEED, place, recipe)
            words = [name, *pair.units] if pair.label == NON_EVENT else [name, CLASSES[pair.label]]
            _show_pair(row[3 * place : 3 * place + 3], pair, " ".join(words))
    figure.suptitle("onset, apex, true displacement (arrows × 4)", fontsize=9)
    return figure


def displacement(given: argparse.Namespace) -> Figure:
    """One row an action: onset, apex, truth, what the network says, and where it is wrong."""
    portraits, recogniser = _demo_portrait(), Recogniser(given.engine)
    recipe = Recipe(non_event_share=0.0, peak_iod=(0.025, 0.025), glasses_share=0.0)
    pairs = [make_pair(portraits, SEED + 1, index, recipe) for index in range(5)]
    answers = recogniser.answers(np.stack([[pair.onset, pair.apex] for pair in pairs]))
    figure, axes = plt.subplots(len(pairs), 5, figsize=(9, 1.8 * len(pairs)))
    longest = max(float(np.hypot(*pair.displacement).max()) for pair in pairs)
    for row, pair, found in zip(axes, pairs, answers.displacement, strict=True):
        for axis, picture in zip(row[:2], (pair.onset, pair.apex), strict=True):
            axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        for axis, field in zip(row[2:4], (pair.displacement, found), strict=True):
            axis.imshow(np.hypot(*field), cmap="magma", vmin=0, vmax=longest)
            _arrows(axis, field)
        axis = row[4]
        error = np.hypot(*(found - pair.displacement))
        axis.imshow(error, cmap="magma", vmin=0, vmax=longest)
        axis.text(4, 218, f"mean {error[pair.valid].mean():.2f} px", color="w", fontsize=7)
    for axis, title in zip(axes[0], ("onset", "apex", "truth", "network", "error"), strict=True):
        axis.set_title(title, fontsize=9)
    return figure


def fusion(given: argparse.Namespace) -> Figure:
    """Weights of the three fusion layers, laid over the apex."""
    portraits, recogniser = _demo_portrait(), Recogniser(given.engine)
    recipe = Recipe(non_event_share=0.0, peak_iod=(0.03, 0.03), glasses_share=0.0)
    by_class: dict[int, Pair] = {}
    for index in range(40):
        pair = make_pair(portraits, SEED + 2, index, recipe)
        by_class.setdefault(pair.label, pair)
    pairs = [by_class[label] for _, label in _EVENTS]
    answers = recogniser.answers(np.stack([[pair.onset, pair.apex] for pair in pairs]))
    config = Config()
    figure, axes = plt.subplots(3, 4, figsize=(8, 6.2))
    for place, (pair, (name, _)) in enumerate(zip(pairs, _EVENTS, strict=True)):
        row = axes[place]
        for axis in row:
            axis.imshow(pair.apex, cmap="gray", vmin=0, vmax=255)
        _arrows(row[0], pair.displacement)
        guess = CLASSES[int(answers.logits[place].argmax())]
        row[0].set_ylabel(f"{name} ({'+'.join(pair.units)})\ntaken for {guess}", fontsize=7)
        _boxes(row[1], answers.fusion_local[place], answers.fusion_global[place], config)
        _boxes(row[2], None, answers.fusion_global[place], config)
        side = round(np.sqrt(answers.fusion_full.shape[1]))
        weights = answers.fusion_full[place].reshape(side, side)
        row[3].imshow(weights, cmap="hot", alpha=0.55, extent=(0, 224, 224, 0), vmin=0)
    titles = ("true displacement", "local, × region", "global", "full face")
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=9)
    return figure


def reliability_diagram(given: argparse.Namespace) -> Figure:
    tested, prediction = _tested(given)
    event = tested.label != NON_EVENT
    guess = prediction.probabilities.argmax(axis=1)
    panels = {
        "class": (
            prediction.probabilities.max(axis=1)[event],
            (guess == tested.label)[event],
        ),
        "micro-expression or not": (prediction.micro, event),
    }
    figure, axes = plt.subplots(1, 2, figsize=(8, 4))
    for axis, (title, (said, right)) in zip(axes, panels.items(), strict=True):
        bins = [bin_ for bin_ in reliability(said, right) if bin_.count]
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        axis.plot([b.confidence for b in bins], [b.accuracy for b in bins], "o-")
        for b in bins:
            axis.annotate(str(b.count), (b.confidence, b.accuracy), fontsize=6)
        error = expected_calibration_error(said, right)
        axis.set(xlabel="said", ylabel="true", xlim=(0, 1), ylim=(0, 1))
        axis.set_title(f"{title}: calibration error {error:.3f}", fontsize=9)
    return figure


def confusion_matrix(given: argparse.Namespace) -> Figure:
    tested, prediction = _tested(given)
    event = tested.label != NON_EVENT
    counts = confusion(tested.label[event], prediction.probabilities.argmax(axis=1)[event])
    figure, axis = plt.subplots(figsize=(4, 3.6))
    axis.imshow(counts / counts.sum(axis=1, keepdims=True).clip(1), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        axis.text(column, row, str(count), ha="center", va="center", fontsize=9)
    axis.set(xlabel="prediction", ylabel="truth")
    axis.set_xticks(range(3), CLASSES, fontsize=8)
    axis.set_yticks(range(3), CLASSES, fontsize=8)
    people = len(set(tested.identity.tolist()))
    axis.set_title(f"UF1 {uf1(counts):.3f}, {people} held-out identities", fontsize=9)
    return figure


def _tested(given: argparse.Namespace):
    if given.portraits is None:
        raise DataError("this picture needs --portraits: the portraits.npz of a training run")
    _, held_out = split(load_cache(given.portraits))
    tested = drawn(held_out, SEED, [("pairs", Recipe(), given.count)])
    return tested, Recogniser(given.engine).predict(tested.pairs)


def _demo_portrait() -> list[Portrait]:
    return find_portraits(None, LandmarkTracker(face_model()))


def _show_pair(axes: NDArray[np.object_], pair: Pair, title: str) -> None:
    for axis, picture in zip(axes[:2], (pair.onset, pair.apex), strict=True):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axes[2].imshow(np.hypot(*pair.displacement), cmap="magma", vmin=0, vmax=3)
    _arrows(axes[2], pair.displacement)
    axes[0].set_title(title, fontsize=6, loc="left")


def _arrows(axis: Axes, field: NDArray[np.float32], step: int = 16) -> None:
    y, x = np.mgrid[step // 2 : 224 : step, step // 2 : 224 : step]
    along, down = field[:, y, x]
    axis.quiver(
        x, y, along, down, color="cyan", angles="xy", scale_units="xy", scale=0.25, width=0.006
    )


def _boxes(
    axis: Axes, local: NDArray[np.float32] | None, across: NDArray[np.float32], config: Config
) -> None:
    """Region weights as boxes; with `local` every box is parted into its patches."""
    rows = config.region_size[0] // config.region_patch
    columns = config.region_size[1] // config.region_patch
    for region, (x0, y0, x1, y1) in enumerate(config.boxes):
        share = np.ones(1) if local is None else local[region]
        grid = share.reshape(-1, columns) if local is not None else share.reshape(1, 1)
        height, width = (y1 - y0) / len(grid), (x1 - x0) / grid.shape[1]
        assert local is None or len(grid) == rows
        for (row, column), weight in np.ndenumerate(grid):
            opacity = min(1.0, float(weight * across[region]) * (6 if local is not None else 1))
            corner = (x0 + column * width, y0 + row * height)
            axis.add_patch(Rectangle(corner, width, height, color="red", alpha=0.7 * opacity))
        axis.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, color="y", linewidth=0.6))
        if local is None:
            axis.text(x0 + 2, y0 + 11, f"{across[region]:.2f}", color="w", fontsize=6)


PICTURES: dict[str, Callable[[argparse.Namespace], Figure]] = {
    "contact-sheet": contact_sheet,
    "displacement": displacement,
    "fusion": fusion,
    "reliability": reliability_diagram,
    "confusion": confusion_matrix,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", choices=PICTURES)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--engine", type=Path, default=default_engine())
    parser.add_argument("--portraits", type=Path)
    parser.add_argument("--count", type=int, default=800, help="pairs of the two diagrams")
    given = parser.parse_args()
    matplotlib.use("agg")
    try:
        figure = PICTURES[given.name](given)
    except FleetingError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    for axis in figure.axes:
        if axis.images and not axis.get_xlabel():
            axis.set_xticks([])
            axis.set_yticks([])
    figure.tight_layout()
    figure.savefig(given.out, dpi=_DPI, metadata={"Software": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
