"""Makers of the tables that are shipped: run once, by hand, when a table changes."""
