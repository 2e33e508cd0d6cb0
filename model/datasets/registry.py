"""Datasets by name: what `fleeting train --data NAME=DIR` can load."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path

from model.datasets import smic
from model.datasets.record import Dataset
from realtime.errors import DataError

# Name -> module with a `load(root)`; imported on request.
_MODULES = {
    "casme": "casme",
    "casme2": "casme2",
    "samm": "samm",
    "cas_me_2": "cas_me_2",
    "samm_lv": "samm_lv",
    "cas_me_3": "cas_me_3",
    "mmew": "mmew",
    "4dme": "four_dme",
    "dfme": "dfme",
    "sessions": "sessions",
}
NAMES = (*_MODULES, *smic.PARTS)


def load(spec: str) -> Dataset:
    """The dataset of "casme2=DIR".

    Raises:
        DataError: for another form, an unknown name, or a folder without that dataset.
    """
    name, equals, folder = spec.partition("=")
    if not equals or name not in NAMES:
        raise DataError(f"{spec!r} is not NAME=DIR with one of the names {', '.join(NAMES)}")
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise DataError(f"{root} is not a folder: give the one that {name} was unpacked to")
    if name in smic.PARTS:
        loader = partial(smic.load, part=name)
    else:
        loader = importlib.import_module(f"model.datasets.{_MODULES[name]}").load
    dataset: Dataset = loader(root)
    if not dataset.records:
        reasons = "; ".join(dataset.report.summary()) or "its sheet is empty"
        raise DataError(f"{root} holds no usable clip of {name}: {reasons}")
    return dataset
