"""How far coders agree, and the program with each of them, as numbers to compute with.

python examples/agreement.py study/
"""

import math
import sys

from realtime import open_study
from realtime.study.agreement import pairs

for pair in pairs(open_study(sys.argv[1])):
    kappa = pair.detection_kappa
    said = f"{pair.first} and {pair.second}: kappa {kappa.value:.2f}"
    if not math.isnan(kappa.low):  # too few units for an interval, or all of them agree
        said += f" ({kappa.low:.2f} to {kappa.high:.2f})"
    said += f", F1 {pair.positive_agreement:.2f}"
    if pair.ious:
        said += f", {len(pair.ious)} intervals with a median IoU of {pair.median_iou:.2f}"
    print(said)
