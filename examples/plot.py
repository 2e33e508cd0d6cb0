"""The motion score of the five region groups over time, and where the events lie.

python examples/plot.py sessions/20261127-204500-0001 traces.png
"""

import sys

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd

from realtime import open_session

GROUPS = ["brows", "lids", "eyes", "nose_cheeks", "mouth"]

session = open_session(sys.argv[1])
frames = pd.read_csv(session.folder / "frames.csv")
figure, axes = plt.subplots(len(GROUPS), sharex=True, figsize=(10, 7), layout="constrained")
for axis, group in zip(axes, GROUPS, strict=True):
    axis.plot(frames["timestamp"], frames[group], linewidth=0.8)
    axis.set_ylabel(f"{group}\nsigma")
    for event in session.events:
        flagged = event.kind == "micro"
        axis.axvspan(event.onset_s, event.offset_s, color="C1" if flagged else "0.85")
axes[-1].set_xlabel("s; orange: flagged, grey: rejected")
figure.savefig(sys.argv[2])
