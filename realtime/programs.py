"""The console script `fleeting`: one name for the programs of the repository.

    fleeting live --camera 0        the same as python run_live.py --camera 0
    fleeting train --data synthetic the same as python -m model.train …

A program is a module that is run by its name, so this one imports none of them.
"""

from __future__ import annotations

import runpy
import sys

_PROGRAMS = {
    "live": ("run_live", "watch a camera, file or stream"),
    "archive": ("realtime.batch", "analyse every video of a folder"),
    "review": ("realtime.review", "check what a session flagged, clip by clip"),
    "annotations": ("realtime.export", "a session's events for ELAN, or as a BIDS table"),
    "train": ("model.train", "train an engine"),
    "predict": ("model.predict", "classify pairs of photographs from a CSV file"),
    "evaluate": ("model.evaluate", "score an engine on pairs with known classes"),
    "export": ("model.export_engine", "turn a checkpoint into an engine folder"),
    "train-spotter": ("model.train_verifier", "train the spotter's verifier"),
    "camera": ("calibration.camera", "what a camera really delivers"),
    "rest": ("calibration.rest", "learn a face at rest"),
    "person": ("calibration.person", "fit the spotter to one person, camera and light"),
    "confidence": ("calibration.confidence", "make an engine's probabilities mean what they say"),
    "precision": ("calibration.precision", "make an engine's int8 network, if it is good enough"),
    "doctor": ("realtime.doctor", "what this machine has, and what would make it faster"),
    "face-model": ("realtime.face.weights", "obtain and check the face landmark model"),
}


def main() -> None:
    """Run the program named by the first argument with the others."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name not in _PROGRAMS:
        lines = [f"  {key:<14} {what}" for key, (_, what) in _PROGRAMS.items()]
        sys.stdout.write("usage: fleeting PROGRAM …\n" + "\n".join(lines) + "\n")
        sys.exit(0 if name in ("-h", "--help") else 2)
    module, _ = _PROGRAMS[name]
    sys.argv = [f"fleeting {name}", *sys.argv[2:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
