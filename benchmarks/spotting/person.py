"""Are the estimates for a person right?  `python -m benchmarks.spotting.person CLIP`

`calibrate person` is given the first half of the clip.  Its estimates of recall by size and
of false alarms a minute are compared with the second half, to which other movements are added.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import poisson

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from calibration.person import expect, judged, record, share, with_movements
from model.spotting.movement_patterns import of_probes
from model.spotting.operating_point import alarms
from model.spotting.series import record_series
from realtime.capture.video_file import VideoFile
from realtime.errors import FleetingError
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model
from realtime.spotting.verifier import SHIPPED, load_verifier

SHORTEST_S = 6.0
TITLE = "Calibration to a person: estimated and measured"
ABOUT = (
    "`fleeting calibrate person` on the first half of a video estimates recall and false alarms; "
    'the second half, with other movements added, measures them. "Agree" means that both '
    "intervals overlap, or that the count is what the estimate allows."
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("--verifier", type=Path, default=SHIPPED)
    parser.add_argument("--alarms-per-minute", type=float, default=0.5)
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        verifier = load_verifier(given.verifier)
        with closing(VideoFile(given.clip)) as video:
            half_s = (video.info.frame_count or 0) / (video.info.reported_fps or 25.0) / 2
        halves = []
        for start in (0.0, half_s):
            with closing(VideoFile(given.clip)) as video:
                tracker = LandmarkTracker(face_model())
                halves.append(record(video, tracker, half_s, start))
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.person: {error}\n")
        return error.exit_code
    estimated = expect(
        halves[0], verifier, given.alarms_per_minute, passes=given.passes, seed=1, name="first half"
    )
    target = given.alarms_per_minute / estimated.profile.alarm_factor
    least = verifier.early.threshold_for(target), verifier.late.threshold_for(target)
    parts = list(record_series(halves[1], "second half", SHORTEST_S))
    false = sum(alarms(judged(part, (), verifier), *least)[0] for part in parts)
    minutes = sum(part.seconds for part in parts) / 60
    bank = of_probes(verifier.probes)
    sizes: list[tuple[float, bool]] = []
    for number in range(given.passes):
        for part in parts:
            moved, added = with_movements(np.random.default_rng([2, number]), part, bank)
            _, found = alarms(judged(moved, added, verifier), *least)
            sizes += [(a.peak_iod, k in found) for k, a in enumerate(added)]
    rate = estimated.alarms_per_min
    # what so few minutes can show if the estimate is right, at either end of its interval
    fewest = poisson.ppf(0.025, rate.low * minutes)
    most = poisson.ppf(0.975, rate.high * minutes)
    rows = [
        [
            "false alarms a minute",
            f"{rate.value:.2f} ({rate.low:.2f}–{rate.high:.2f})",
            f"{false / minutes:.2f} ({false} in {minutes:.2f} min)",
            "yes" if fewest <= false <= most else "no",
        ]
    ]
    for (low, high), _, expected in estimated.recall:
        inside = [ok for size, ok in sizes if low <= size < high]
        came = share(sum(inside), len(inside))
        # both are measured with an error: they agree where the intervals meet
        meet = expected.low <= came.high and came.low <= expected.high
        rows.append(
            [
                f"recall, peak {100 * low:g}–{100 * high:g} % IOD",
                f"{expected.value:.2f} ({expected.low:.2f}–{expected.high:.2f})",
                f"{came.value:.2f} ({came.low:.2f}–{came.high:.2f})",
                "yes" if meet else "no",
            ]
        )
    headings = [given.clip.name, "estimated on the first half", "second half", "agree"]
    foot = f"Alarm factor {estimated.profile.alarm_factor:.2f}. {machine()}\n"
    text = page(TITLE, ABOUT, table(headings, rows), foot)
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
