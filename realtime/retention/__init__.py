"""How long sessions stay, and how they go: limits of an output folder, forgetting, redaction.

In come a folder of sessions and limits, a participant or a session; out goes what is due, with a
list of what was done.  Only sessions of this program are touched.
Public: `tidy`, `tidy_at_start`, `forget`.
"""
