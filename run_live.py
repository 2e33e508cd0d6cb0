"""Fleeting, live: `python run_live.py --camera 0` is `fleeting live --camera 0`."""

import sys

try:
    from realtime.cli.live import live
except ImportError as error:
    sys.exit(
        f"fleeting: a library is missing ({error}); pip install --editable . in this folder, and "
        "for libGL.so.1 install libgl1, or opencv-python-headless in place of opencv-python"
    )

if __name__ == "__main__":  # the engine process imports this module again
    sys.exit(live.run())
