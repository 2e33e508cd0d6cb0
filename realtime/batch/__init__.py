"""Every video of a folder becomes a session, and a row of `archive.csv`: `fleeting batch`.

In come a folder of videos and options of `fleeting live`; out come sessions in an output folder and
a table of them.
Public: `analyse_folder`, `videos`, `BatchRow`.
"""
