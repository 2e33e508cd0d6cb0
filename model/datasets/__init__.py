"""Annotated datasets: one module a dataset, from its sheets to records, and their aligned clips.

In comes a folder as the dataset's makers deliver it; out come `Record`s and aligned pairs.
Public: `load`, `Record`, `Dataset`, `aligned`, `LABEL_SETS`.
"""
