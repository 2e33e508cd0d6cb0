"""What several benchmarks share: the machine's description, tables, invented datasets."""
