"""The program as a function: a source in, its session out.

Public: `analyse(source) -> Session`.
"""
