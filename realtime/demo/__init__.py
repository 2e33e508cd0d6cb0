"""The built-in subject of the demo: a portrait that moves at known times, and its score.

In comes a seed; out come frames like a camera's and the events that are in them.
Public: `DemoSubject`, `DemoSource`, `match`, `report_table`.
"""
