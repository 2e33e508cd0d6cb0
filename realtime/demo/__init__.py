"""The built-in subject of `--demo`: a portrait that moves at known times, and its score."""
