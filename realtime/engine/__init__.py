"""Engine: the network that classifies an onset–apex pair, in a process of its own.

In come pairs (2, 224, 224) in [0, 1]; out come class probabilities and the probability of an
event.  A backend is a runtime and a precision; each is checked by a canary before it is used.
Public: `EngineFolder`, `EngineProcess`, `open_engine`, `resolve`, `open_session`.
"""
