"""Stimulus markers from a PsychoPy experiment, on the clock of the session.

Start first:  fleeting live --camera 0 --consent consent.toml --markers-port 5005
Then:         python examples/psychopy_markers.py 5005

Without PsychoPy the markers are sent without showing anything, to try the connection.
"""

import socket
import sys

STIMULI = ["neutral_01", "sad_07", "surprise_03"]

try:
    from psychopy import core, visual
except ImportError:
    visual = None

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as markers:

    def mark(text):
        """A line is a marker; it has the time at which it arrives."""
        markers.sendall(f"{text}\n".encode())

    if visual is None:
        for name in STIMULI:
            mark(f"stimulus {name}")
    else:
        window = visual.Window(fullscr=True)
        for name in STIMULI:
            visual.TextStim(window, text=name).draw()
            window.callOnFlip(mark, f"stimulus {name}")  # when the picture is on the screen
            window.flip()
            core.wait(2.0)
        window.close()
