"""A study: sessions of many people, who they are, and what several coders said of them.

In comes a folder below which session folders lie, and the `participants.tsv` in it; out come
agreement between coders, and tables for statistics.
Public: `open_study(folder) -> Study`.
"""
