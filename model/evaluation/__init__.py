"""Evaluation: protocols, folds, metrics with intervals, and baselines to compare with.

In come pairs with known classes and something that answers them; out come scores.
Public: `folds`, `run_folds`, `cross_validate`, `Recogniser`; `metrics` and `baselines`.
"""
