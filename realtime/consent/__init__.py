"""Consent: whether a run may keep what it sees of a person, and until when.

In come a consent file or answers on the terminal; out comes the entry that covers this person, and
whether the run keeps anything.  Nothing of a face is read or written here.
Public: `Consent`, `KeepDecision`, `keep_decision`.
"""
