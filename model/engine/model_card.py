"""The README.md of an engine folder, written from its engine.json; no figure is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from model.engine.engine_folder import SELECTION
from model.network.network_config import Config

# Stated by the paper, or only for experiments.
_NOT_OURS = (
    *("k", "epsilon", "boxes", "local_layers", "global_layers", "full_layers"),
    *("without", "classes"),
)


def card(description: Mapping[str, Any]) -> str:
    ours = "\n".join(
        f"* `{name}`: {value}" for name, value in asdict(Config()).items() if name not in _NOT_OURS
    )
    seeds = ", ".join(f"{name} {value}" for name, value in description["seeds"].items())
    hashes = "\n".join(f"* `{name}` {digest}" for name, digest in description["files"].items())
    return f"""\
{_first_line(description["trained_on"])}

# Engine "{description["name"]}"

FRL-DGT (CVPR 2023, arXiv 2304.04420): onset and apex of a face in, one of
{", ".join(description["classes"])} out; besides, whether it was an event at all, how far
every pixel of the face moved, and which action units acted on which side.

| | |
|---|---|
| trained on | {description["trained_on"]} |
| seeds | {seeds} |
| selection | {description.get("selection", SELECTION)} |
| licence | {description["licence"]} |

## What it does on pairs it was not trained on

{_metrics(description["metrics"])}

Every movement in these figures was added by a program, to portraits or to films of people. They do
not say how the network does on people's own micro-expressions. Published results on real data
(UF1 0.812 on SMIC, CASME II and SAMM) are another network's weights and another test.

## Train it on a dataset you hold

```sh
fleeting train --data casme2=DIR --data samm=DIR --data smic_hs=DIR --labels megc2019 \\
    --protocol loso --start-from THIS_FOLDER --steps 600 --output runs/loso
fleeting train --data casme2=DIR --data samm=DIR --data smic_hs=DIR --labels megc2019 \\
    --start-from THIS_FOLDER --steps 600 --output runs/mine
```

The first command scores it on subjects that were held out, the second writes `runs/mine/engine`.

## Uses

Meant for showing, measuring and studying small facial movements, with a person who checks every
clip. A class is a kind of movement and not a feeling. Not meant for deciding about people: not
for lie detection, hiring, policing, border control, or reading workers and pupils, and not on
people who have not agreed. Its action units describe movements of the skin. Its classes (negative,
positive, surprise) can be taken for an inference of emotions in the sense of the EU AI Act, which
prohibits it at work and in education (Article 5(1)(f)).

## Choices of this project

The paper gives the layers of the displacement module, eq. 1 and the depth of each transformer.
These are ours:

{ours}
* the event head and the displacement in pixels, since eq. 1 divides magnitude away
* the head for action units, and the maps that tell where a displacement can be trusted
* zero mean and unit deviation per frame at the entry
* the six boxes' sizes; their centres are averaged landmarks, as in the paper

## Files

{hashes}
"""


def _first_line(trained_on: str) -> str:
    if "annotated clips" in trained_on:
        return (
            "This network has been trained on annotated clips: its classes are their coders' ones."
        )
    return (
        "This network has not seen real micro-expressions: every movement it was trained on was"
        " added by a program, so its classes are untested on those of people."
    )


def _metrics(metrics: Mapping[str, Any]) -> str:
    if not metrics:
        return "Not measured yet: run `fleeting evaluate`."
    lines = ["| set | identities | pairs | UF1 | UAR (chance) | event AUROC (chance) |"]
    lines.append("|---|---|---|---|---|---|")
    for name, row in metrics.items():
        lines.append(
            f"| {name} | {row['identities']} | {row['pairs']} | {row['uf1']:.3f} "
            f"| {row['uar']:.3f} ({row['uar_chance']:.3f}) "
            f"| {_share(row['event_auroc'])} ({row['event_auroc_chance']:.3f}) |"
        )
    amplitudes = [
        f"| {name} | {band['from_iod']:.3f} to {band['to_iod']:.3f} | {band['events']} "
        f"| {_share(band['uf1'])} | {_share(band['event_auroc'])} |"
        for name, row in metrics.items()
        for band in row["by_amplitude"]
    ]
    if amplitudes:
        lines += [
            "",
            "| set | peak motion, IOD | events | UF1 | event AUROC |",
            "|---|---|---|---|---|",
        ]
        lines += amplitudes
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
