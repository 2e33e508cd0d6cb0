"""Fits the program to a camera, a person at rest, a person's rates, and an engine's confidence."""
