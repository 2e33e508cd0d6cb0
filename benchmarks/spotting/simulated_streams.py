"""The spotter on simulated unseen people: `python -m benchmarks.spotting.simulated_streams`

    held-out     micro-expressions added to simulated people: recall by size, false alarms a minute
    talking      people who talk without a micro-expression: is the target false-alarm rate kept?
    matrix       the same movements at other frame rates, codecs and sizes
    compression  the same at several H.264 bit rates, whether or not the program would judge them

Identities are the portraits that training holds out; seeds are this program's own.  The movements
of `held-out` are made twice: by the skin-deformation models that the verifier was trained on, and
by one that it was not (the unseen model).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from benchmarks.spotting.matrix import compression, matrix
from benchmarks.spotting.stream_outcome import (
    EVENTS_PER_MIN,
    SEED,
    StreamOutcome,
    found_share,
    outcome,
    rate_text,
    regular,
    share_text,
    streams,
)
from model.spotting.insertions import draw_insertions
from model.spotting.scene import simulate
from model.spotting.simulated_person import Behaviour
from model.synthetic.portraits import Portrait, load_cache, split
from model.synthetic.simulated_camera import SimulatedCamera
from model.synthetic.skin_models import LEARNED, SKINS, Motion
from realtime.errors import FleetingError

BANDS = ((0.005, 0.01), (0.01, 0.02), (0.02, 0.035))
PAGES = {
    "held-out": (
        "Spotting on simulated held-out people",
        "Movements are added to simulated people whom no part of the program was trained on. The "
        "first table has the skin-deformation models of the training, the second an unseen one.",
    ),
    "talking": (
        "False alarms on simulated people who talk",
        "Held-out simulated people talk and show no micro-expression, so every flag is a false "
        "alarm. The measured rate is to be compared with the target below the table.",
    ),
    "matrix": (
        "Spotting by frame rate, codec and face size",
        "The same movements of the same simulated people, filmed under other conditions; one row "
        "changes one thing. The apex is compared with the apex found at 30 fps.",
    ),
    "compression": (
        "Spotting by H.264 compression",
        "The same movements at several bit rates, judged whether or not the program would refuse "
        "the video. Coarseness is the step by which the codec changes the face, in grey levels.",
    ),
}


def held_out_stream(
    portraits: Sequence[Portrait],
    given: argparse.Namespace,
    motions: Sequence[Motion],
    number: int,
) -> StreamOutcome:
    rng = np.random.default_rng([given.seed, 1, number])
    scene = simulate(portraits, [given.seed, 1, number], regular(30.0))
    camera = SimulatedCamera.draw(rng)
    added = draw_insertions(rng, scene, EVENTS_PER_MIN, motions=motions)
    return outcome(scene, added, camera, rng, given)


def talking_stream(
    portraits: Sequence[Portrait], given: argparse.Namespace, number: int
) -> StreamOutcome:
    rng = np.random.default_rng([given.seed, 2, number])
    behaviour = Behaviour.draw_talker(rng)
    scene = simulate(portraits, [given.seed, 2, number], regular(30.0), behaviour)
    return outcome(scene, (), SimulatedCamera.draw(rng), rng, given)


def summary(name: str, outcomes: Sequence[StreamOutcome]) -> str:
    minutes = sum(o.seconds for o in outcomes) / 60
    errors = [
        (abs(at[0] - o.added[k].onset_s), abs(at[1] - o.added[k].apex_s), at[2] - o.added[k].apex_s)
        for o in outcomes
        for k, at in o.found.items()
    ]
    rows = [
        ["assessable minutes", f"{minutes:.1f}"],
        ["false alarms a minute", rate_text(sum(o.false for o in outcomes), minutes)],
        ["flags raised a minute", rate_text(sum(o.raised for o in outcomes), minutes)],
    ]
    if errors:
        onset, apex, delay = np.array(errors).T
        rows += [
            [
                f"recall, peak {100 * low:g}–{100 * high:g} % IOD",
                share_text(*found_share(outcomes, low, high)),
            ]
            for low, high in BANDS
        ]
        rows += [
            [
                "onset error, apex error, median, ms",
                f"{1e3 * np.median(onset):.0f}, {1e3 * np.median(apex):.0f}",
            ],
            ["flag after the apex, 95 % quantile, ms", f"{1e3 * np.percentile(delay, 95):.0f}"],
        ]
    return table([name, "value (95 % interval; count)"], rows)


def report(given: argparse.Namespace) -> str:
    _, held_out = split(load_cache(given.portraits))
    if given.what == "matrix":
        text = matrix(held_out, given)
    elif given.what == "compression":
        text = compression(held_out, given)
    elif given.what == "talking":
        watched = streams(partial(talking_stream, held_out, given), given.count, given)
        text = summary("talking", watched)
    else:
        others = [motion for motion in SKINS if motion not in LEARNED]
        known, unknown = (
            streams(partial(held_out_stream, held_out, given, motions), given.count, given)
            for motions in (LEARNED, others)
        )
        text = summary("held-out people; skin-deformation models of the training", known)
        text += "\n" + summary("the same people; unseen skin-deformation model", unknown)
    target = f"Target {given.alarms_per_minute:g} false alarms a minute. {machine()}\n"
    return page(*PAGES[given.what], text, target)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("held-out", "talking", "matrix", "compression"))
    parser.add_argument("--portraits", type=Path, required=True, help="portraits.npz of a run")
    parser.add_argument("--count", type=int, default=40, help="streams of half a minute")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--verifier", type=Path, help="file of fleeting train-verifier")
    parser.add_argument("--alarms-per-minute", type=float, default=0.2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    try:
        text = report(given)
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.simulated_streams: {error}\n")
        return error.exit_code
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
