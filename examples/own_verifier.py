"""Another decision on the program's candidates, learnt from what a coder answered.

The program writes rejected movements too, with their measurements.  A logistic regression learns
from them which a coder calls micro-expressions.  Each participant is judged by a verifier that has
not seen this participant, and compared with the program's own probability.

python examples/own_verifier.py study/ anna
"""

import sys

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from realtime import open_study
from realtime.study.table import tables

MEASURED = ["peak_sigma", "patch_percent_iod", "duration_s", "region_eyes", "region_mouth"]

study, coder = open_study(sys.argv[1]), sys.argv[2]
if coder not in study.coders:
    sys.exit(f"{coder} has not coded this study; it was coded by {', '.join(study.coders)}")
events = tables(study)[0].frame
coded = events[events[f"answer_{coder}"].isin(["micro", "none"])]
truth = coded[f"answer_{coder}"] == "micro"
groups = coded["participant"].where(coded["participant"] != "", coded["session"])
if truth.nunique() < 2 or groups[truth].nunique() < 2:
    sys.exit(f"{coder} has to answer more movements: fleeting review {sys.argv[1]} --sample 40")
verifier = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
probability = cross_val_predict(
    verifier, coded[MEASURED], truth, groups=groups, cv=LeaveOneGroupOut(), method="predict_proba"
)[:, 1]
print(f"{len(coded)} movements of {groups.nunique()} participants, {truth.sum()} micro-expressions")
print(f"AUROC of this verifier  {roc_auc_score(truth, probability):.2f}")
print(f"AUROC of the program's  {roc_auc_score(truth, coded['probability'].fillna(0)):.2f}")
