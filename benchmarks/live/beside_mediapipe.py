"""What the front end costs beside MediaPipe: `python -m benchmarks.live.beside_mediapipe`

Both see the same decoded frames, each in a process of its own, in turns.  What counts is the CPU
time of the process, all its threads.  Ours is the analysis of the live path, from a frame to
findings; MediaPipe's is its FaceLandmarker in video mode with blendshapes.  Then ours alone
against the frame rate, the size of the frame and the number of faces.

MediaPipe is no dependency: `pip install --no-deps --target DIR mediapipe==1.2.3`, and `--packages
DIR`.  It runs without a network (`unshare --net`), so that its usage reports cannot leave;
`--trace` counts with strace what it tried to connect to.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._common.machine import machine
from benchmarks._common.markdown import page, publish, table
from realtime.analysis import Analysis
from realtime.capture.held_frame import Frame
from realtime.demo.subject import DemoSubject
from realtime.face.landmarker import LandmarkTracker
from realtime.face.weights import face_model

WARM_UP = 100  # frames: kernels load with the first candidates, two seconds after the first frame
TURNS = 3
RATES = (15, 30, 60, 120, 200)
SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
MOST_FACES = 3
SECONDS = 6.0
SEED = 0
ABOUT = (
    "CPU time of the process a frame. Milliseconds depend on the machine and on what else it does; "
    "ratios do so less. The demo subject, but for the first table."
)

Film = list[tuple[int, NDArray[np.uint8]]]  # time and BGR frame


def ours_ms(film: Film, faces: int = 1) -> tuple[float, float]:
    """Mean CPU ms a frame of the analysis, and in how many of 100 faces the network ran."""
    tracker = LandmarkTracker(face_model(), max_faces=faces)
    analysis, fit, runs = Analysis(tracker), tracker._mesh.fit, 0

    def counted(*given):  # type: ignore[no-untyped-def]
        nonlocal runs
        runs += 1
        return fit(*given)

    tracker._mesh.fit = counted  # type: ignore[method-assign]
    began = 0.0
    for seq, (t_ns, image) in enumerate(film):
        if seq == WARM_UP:
            runs, began = 0, time.process_time()
        analysis.analyse(Frame(seq, t_ns, image), 0.0)
    count = len(film) - WARM_UP
    return 1e3 * (time.process_time() - began) / count, 100 * runs / (count * faces)


def mediapipe_ms(film: Film) -> float:
    """Mean CPU ms a frame of its FaceLandmarker in video mode."""
    import mediapipe  # type: ignore[import-not-found]
    from mediapipe.tasks.python import BaseOptions, vision  # type: ignore[import-not-found]

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(face_model())),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        began = 0.0
        for seq, (t_ns, image) in enumerate(film):
            if seq == WARM_UP:
                began = time.process_time()
            rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb)
            landmarker.detect_for_video(picture, t_ns // 1_000_000)
        return 1e3 * (time.process_time() - began) / (len(film) - WARM_UP)


def child(who: str, film: Path, packages: Path | None, trace: Path | None = None) -> float:
    """CPU ms a frame of `who` in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--child", who, "--film", str(film)]
    environment = dict(os.environ)
    if who == "mediapipe":
        command = ["unshare", "--map-root-user", "--net", *command]
        if packages is not None:
            found = [environment.get("PYTHONPATH"), str(packages)]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, found))
    if trace is not None:
        command = ["strace", "-f", "-q", "-e", "trace=connect", "-o", str(trace), *command]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{who} ended with code {done.returncode}:\n{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def compared(film: Film, packages: Path | None, *, traced: bool) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.npz"
        np.savez(path, t_ns=[t for t, _ in film], images=[image for _, image in film])
        turns = [
            [child(who, path, packages) for who in ("fleeting", "mediapipe")] for _ in range(TURNS)
        ]
        ours, theirs = np.median(turns, axis=0)
        rows = [
            ["Fleeting, frame to findings", f"{ours:.2f}", f"{1e3 / ours:.0f}"],
            ["MediaPipe FaceLandmarker, video mode", f"{theirs:.2f}", f"{1e3 / theirs:.0f}"],
            ["rate of the one over the other", f"{theirs / ours:.2f} ×", ""],
        ]
        if traced:
            log = Path(folder) / "connects"
            child("mediapipe", path, packages, log)
            tried = sum("AF_INET" in line for line in log.read_text("utf-8").splitlines())
            rows.append(["connections that MediaPipe tried without a network", str(tried), ""])
    return table(["front end", "CPU ms a frame", "frames a second of CPU time"], rows)


def demo_film(fps: float, size: tuple[int, int] = (640, 480), faces: int = 1) -> Film:
    """`SECONDS` of the demo subject; further faces are the same one beside it."""
    subject = DemoSubject(seed=SEED, fps=fps, size=size)
    film = []
    for k in range(round(SECONDS * fps) + WARM_UP):
        image = np.hstack([subject.frame(k)] * faces)
        film.append((round(k / fps * 1e9), np.ascontiguousarray(image)))
    return film


def curves() -> dict[str, str]:
    tables = {}
    by_rate = [(f"{fps} fps", *ours_ms(demo_film(fps))) for fps in RATES]
    tables["Frame rate, 640 × 480"] = _costs("rate", by_rate)
    by_size = [(f"{w} × {h}", *ours_ms(demo_film(30, (w, h)))) for w, h in SIZES]
    tables["Size, 30 fps"] = _costs("size", by_size)
    wide = [
        (str(n), *ours_ms(demo_film(30, (480, 480), MOST_FACES), n))
        for n in range(1, MOST_FACES + 1)
    ]
    first = wide[0][1]
    rows = [
        [n, f"{ms:.2f}", f"{share:.0f}", f"{(ms - first) / max(int(n) - 1, 1) / first:.2f}"]
        for n, ms, share in wide
    ]
    rows[0][-1] = "–"
    headings = [
        "faces",
        "CPU ms a frame",
        "network runs, % of faces",
        "a further face, × the first",
    ]
    tables[f"Faces, {480 * MOST_FACES} × 480, 30 fps"] = table(headings, rows)
    return tables


def _costs(what: str, costs: Sequence[tuple[str, float, float]]) -> str:
    headings = [what, "CPU ms a frame", "frames a second of CPU time", "network runs, % of frames"]
    rows = [[name, f"{ms:.2f}", f"{1e3 / ms:.0f}", f"{share:.0f}"] for name, ms, share in costs]
    return table(headings, rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clip", nargs="?", type=Path, help="default: webcam.mp4, else the demo")
    parser.add_argument("--packages", type=Path, metavar="DIR", help="where MediaPipe lies")
    parser.add_argument("--trace", action="store_true", help="count its connections; needs strace")
    parser.add_argument("--no-curves", action="store_true", help="the first table only")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    parser.add_argument("--child", choices=("fleeting", "mediapipe"), help=argparse.SUPPRESS)
    parser.add_argument("--film", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    if given.child:
        kept = np.load(given.film)
        film = list(zip(kept["t_ns"].tolist(), kept["images"], strict=True))
        print(ours_ms(film)[0] if given.child == "fleeting" else mediapipe_ms(film))
        return
    from benchmarks.live.__main__ import WEBCAM, load

    path = given.clip or (WEBCAM if WEBCAM.is_file() else None)
    film = load(path)[:400] if path else demo_film(30)
    if len(film) < 2 * WARM_UP:
        sys.exit(f"{path}: give a clip of at least {2 * WARM_UP} frames")
    parts = {path.name if path else "the demo": compared(film, given.packages, traced=given.trace)}
    if not given.no_curves:
        parts |= curves()
    text = "\n\n".join(f"## {name}\n\n{part}" for name, part in parts.items())
    publish(page("The front end's cost", ABOUT, f"{text}\n\n{machine()}"), given.out)


if __name__ == "__main__":
    main()
