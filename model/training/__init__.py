"""Training: the loop, its phases and settings, checkpoints, warm start, several processes.

In come a stream of pairs and a length; out come weights, and a run folder that can be resumed.
Public: `fit`, `TrainSettings`, `Length`, `World`.
"""
