"""What the verifier learns from: faces with movements inserted at known times, and its trees.

In come footage and simulated people; out come labelled candidates, boosted trees and thresholds.
Public: `plan`, `run`, `cross_fit`, `operating_table`, `simulate`.
"""
