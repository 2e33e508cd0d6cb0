"""The verifier on people left out: `python -m benchmarks.spotting.left_out RUN`

RUN is a run of `fleeting train-verifier`.  Every figure is of trees that have not learned from the
person they judge.  Movements are added to the numbers measured of people; their sizes are drawn
from 0.8 to 6.5 % IOD, their moments at random, so that many fall into blinks, syllables and turns
of the head.  False alarms are counted of people watched as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks._common.markdown import page, publish, table
from model.spotting.jobs import SIMULATED

TITLE = "The verifier on people left out"
RELIABILITY = (
    "Probability of the second stage, of real people: the mean of a band, and the share of its "
    "flags that a movement had been added for. True as densely as movements are strewn here; of a "
    "person who makes one a minute fewer are right.\n"
)


def report(run: dict[str, Any]) -> str:
    people = [name for name in run["groups"] if not name.startswith(SIMULATED)]
    rates = [
        [
            f"{row['target_per_min']:g}",
            f"{row['alarms_per_min']:.2f}",
            f"{row['simulated_alarms_per_min']:.2f}",
            f"{row['recall']:.2f}",
        ]
        for row in run["people_left_out"]
    ]
    bands = [
        [f"{band['probability']:.2f}", f"{band['right']:.2f}", str(band["flags"])]
        for band in run["reliability"]
    ]
    about = __doc__.split("\n\n", 1)[1].strip() if __doc__ else ""
    learned = (
        f"{len(people)} people and {len(run['groups']) - len(people)} groups of simulated ones; "
        f"{run['events']} movements in {run['minutes']:g} minutes, {run['minutes_as_they_are']:g} "
        "minutes as they are.\n"
    )
    heads = ["target a minute", "false alarms a minute, people", "simulated people", "recall"]
    parts = [table(heads, rates), RELIABILITY, table(["probability", "right", "flags"], bands)]
    return page(TITLE, about, *parts, learned)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    try:
        run = json.loads((given.run / "report.json").read_text("utf-8"))
        text = report(run)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"benchmarks.spotting.left_out: {given.run}/report.json: {error!r}\n")
        return 1
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
