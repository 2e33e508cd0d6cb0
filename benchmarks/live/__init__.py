"""Figures of the live path: cost of a frame, rates, start, memory, capture."""
