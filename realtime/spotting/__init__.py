"""Spotting: which brief movements of one face are micro-expressions.

In come stabilised crops; out come `Finding`s with onset, apex and offset.  On the way: an even
time grid, candidates (onset, apex), their features, the verifier's probability, and the rules
that name the reason of a rejection.
Public: `FacePipeline`, `Finding`, `SpotterConfig`, `Verifier`, `load_verifier`.
"""
