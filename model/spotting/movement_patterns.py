"""How brief movements displace the 31 regions: what is added to a series.

A pattern is the mean displacement of each region's patch as a share of the largest point's
motion, after the live path's fit of the head's own motion, which takes some of a movement of
cheeks and nose with it.  Three come from the generator's models of skin, on the geometry of real
portraits; a fourth is measured: what people's faces did between a neutral and a smiling photograph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.synthetic.disturbances import vary
from model.synthetic.portraits import Portrait
from model.synthetic.random_draws import log_uniform
from model.synthetic.skin_models import SKINS
from model.synthetic.smiles import smile_count, smile_field
from realtime.atomic_file import whole_file
from realtime.errors import DataError
from realtime.event import CLASSES
from realtime.face.action_units import Field, draw_units
from realtime.face.geometry import CROP_IOD, CROP_SIZE
from realtime.motion import regions
from realtime.motion.head_motion import fit_rigid, to_iod
from realtime.motion.regions import DEPTH, REGIONS, RIGID, region_centres
from realtime.spotting.sensitivity import HALVES, Probes

Array = NDArray[np.float64]

# Every unit that moves skin, equally often: a verifier that has seen few chins raised takes one
# for speech.
UNITS = tuple(
    ["1", "2", "4", "5", "6", "7", "9", "10", "12", "14", "15", "17", "20", "23", "24", "25", "26"]
)
MEASURED = "measured"
_RECIPES = 0.55  # share of the combinations that micro-expressions are known for
_ONE_SIDED = 0.3
# Of a patch's mean motion in the picture the tracker reports this share: where a patch has texture
# it moves less, and its prior holds it back (`benchmarks.spotting.signal_against_picture`).
SEEN = 0.75
_PEAK_IOD = (0.008, 0.05)  # at which the fit of the head sees a pattern
_TEXTURE = np.tile(np.array([8000.0, 0.0, 8000.0]), (len(REGIONS), 1))  # of an ordinary patch


@dataclass(frozen=True, slots=True)
class PatternBank:
    """Patterns (n, 31, 2) by the model they come from."""

    patterns: dict[str, NDArray[np.float32]]

    def draw(self, rng: np.random.Generator) -> tuple[str, Array]:
        """(model, pattern (62,)); the measured ones, which are all smiles, a third as often."""
        names = list(self.patterns)
        share = np.array([1 / 3 if name == MEASURED else 1.0 for name in names])
        name = names[int(rng.choice(len(names), p=share / share.sum()))]
        chosen = self.patterns[name][int(rng.integers(len(self.patterns[name])))]
        return name, chosen.astype(np.float64).ravel()


def of_skins(
    rng: np.random.Generator, portraits: Sequence[Portrait], count: int
) -> dict[str, NDArray[np.float32]]:
    """`count` patterns of each of the generator's models of skin."""
    found: dict[str, NDArray[np.float32]] = {}
    for name, skin in SKINS.items():
        drawn = []
        for _ in range(count):
            portrait = portraits[int(rng.integers(len(portraits)))]
            field = vary(rng, skin(_draw_units(rng), portrait.landmarks, 0.02))
            drawn.append(_pattern(field, portrait, log_uniform(rng, *_PEAK_IOD)))
        found[name] = np.array(drawn, np.float32)
    return found


def _draw_units(rng: np.random.Generator) -> dict[str, float]:
    if rng.random() < _RECIPES:
        units = draw_units(rng, str(rng.choice(CLASSES)))
    else:
        names = rng.choice(UNITS, 1 if rng.random() < 0.7 else 2, replace=False)
        units = {str(name): float(rng.uniform(0.5, 1.0)) for name in names}
    if rng.random() < _ONE_SIDED:
        side = str(rng.choice(["L", "R"]))
        units = {side + unit: strength for unit, strength in units.items()}
    return units


def of_smiles(
    rng: np.random.Generator, portraits: Sequence[Portrait], count: int
) -> NDArray[np.float32]:
    """`count` patterns of measured smiles, one-sided as often as other movements."""
    found = []
    for _ in range(count):
        portrait = portraits[int(rng.integers(len(portraits)))]
        unit = str(rng.choice(["L12", "R12"])) if rng.random() < _ONE_SIDED else "12"
        person = int(rng.integers(smile_count()))
        field = vary(rng, smile_field(person, {unit: 1.0}, portrait.landmarks, 0.02))
        found.append(_pattern(field, portrait, log_uniform(rng, *_PEAK_IOD)))
    return np.array(found, np.float32)


def make_bank(seed: int, portraits: Sequence[Portrait], count: int) -> PatternBank:
    """`count` patterns of each model of skin, and a third as many measured ones."""
    rng = np.random.default_rng(seed)
    skins = of_skins(rng, portraits, count)
    return PatternBank({**skins, MEASURED: of_smiles(rng, portraits, max(count // 3, 1))})


def of_probes(probes: Probes) -> PatternBank:
    """The patterns that a verifier file carries: for whoever has not made any."""
    return PatternBank(
        {half: probes.of(half).reshape(-1, len(REGIONS), 2).astype(np.float32) for half in HALVES}
    )


def displacement(field: Field, landmarks: NDArray[np.floating]) -> Array:
    """(31, 2) what the live path measures of a field (224, 224, 2) on a crop's face, pixels."""
    centres = region_centres(landmarks)
    return SEEN * _without_head(_of_regions(field, centres), centres)


def _pattern(field: Field, portrait: Portrait, peak_iod: float) -> Array:
    scale = peak_iod * CROP_IOD
    largest = float(np.hypot(field[..., 0], field[..., 1]).max())
    return displacement(field * np.float32(scale / largest), portrait.landmarks) / scale


def _of_regions(field: Field, centres: Array) -> Array:
    at = np.clip(np.rint(centres).astype(int), 0, CROP_SIZE - 1)
    patches = (
        field[max(y - h, 0) : y + h + 1, max(x - h, 0) : x + h + 1]
        for (x, y), h in zip(at.tolist(), regions.HALVES.tolist(), strict=True)
    )
    return np.array([patch.mean(axis=(0, 1)) for patch in patches], np.float64)


def _without_head(moved: Array, centres: Array) -> Array:
    return fit_rigid(moved, to_iod(centres), DEPTH, _TEXTURE, RIGID, parallax=True).residual


def save_bank(path: Path, bank: PatternBank) -> None:
    """Raises DiskFull or RecordingError if it cannot be written."""
    with whole_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **bank.patterns)


def load_bank(path: Path) -> PatternBank:
    """Raises DataError: the file is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            patterns = {name: arrays[name] for name in arrays.files}
        if any(p.shape[1:] != (len(REGIONS), 2) for p in patterns.values()):
            raise ValueError("its regions are another version's")
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{path} is not a bank of movement patterns ({error})") from error
    return PatternBank(patterns)
