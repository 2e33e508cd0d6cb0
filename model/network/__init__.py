"""FRL-DGT in the paper's order: displacement module, fusion transformers, heads, losses.

In comes an onset–apex pair (N, 2, 224, 224) in [0, 1]; out come class logits, an event logit, the
displacement in pixels and the fusion weights.
Public: `FrlDgt`, `Config`, `losses`, `fast_inference`.
"""
