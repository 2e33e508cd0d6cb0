"""Fleeting, live: `python run_live.py --camera 0` is `fleeting live --camera 0`."""

import sys

from realtime.cli.live import live

if __name__ == "__main__":  # the engine process imports this module again
    sys.exit(live.run())
