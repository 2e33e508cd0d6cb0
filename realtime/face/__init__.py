"""Faces: where they are, their 478 landmarks, and whether they can be assessed.

In comes a BGR frame; out come `Face`s (landmarks in frame pixels, blink, gaze and jaw), largest
first, and an `Assessable` for each.  The weights are checked by their hash before they are used.
Public: `FaceTracker`, `Face`, `LandmarkTracker`, `assess`, `Assessable`, the crop's geometry.
"""
