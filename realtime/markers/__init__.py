"""Markers of a live session: from keys, from an LSL stream, from a line over the loopback port.

inbox      where all of them arrive, on the clock of the frames; written from there
lsl_inlet  an LSL stream of markers, `--markers-from STREAM`
port       lines over TCP from this machine, `--markers-port N`
"""
