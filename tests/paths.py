"""Where the repository stands, and the clips for development beside it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "run_live.py"
MEDIA = ROOT.parent / "shared" / "media"
