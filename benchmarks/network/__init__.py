"""Figures of the network: recognition, displacement, ablations, speed of the backends."""
