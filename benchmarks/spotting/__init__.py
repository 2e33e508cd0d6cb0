"""Figures of the spotter: sets with known events, simulated streams, people, calibration."""
