"""Fleeting, live: `python run_live.py --camera 0`; `--help` says the rest."""

import sys

from realtime.cli import main

if __name__ == "__main__":  # the engine process imports this module again
    sys.exit(main())
