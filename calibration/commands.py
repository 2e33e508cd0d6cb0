"""`fleeting calibrate camera`, `rest`, `person`, `confidence` and `precision`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from realtime.cli.command import command
from realtime.cli.options import option
from realtime.cli.setting_options import setting
from realtime.limits import Limits
from realtime.settings.source_arguments import Subject

PANEL = "Calibration"

_SOURCE, _PROFILE, _PAIRS = "Source", "Profile", "Pairs"

Camera = Annotated[int | None, setting("source.camera", panel=_SOURCE)]
Video = Annotated[str | None, setting("source.source", "--source", panel=_SOURCE)]
Size = Annotated[str | None, setting("source.size", panel=_SOURCE, metavar="WIDTHxHEIGHT")]
Fps = Annotated[float | None, setting("source.fps", panel=_SOURCE)]
Fourcc = Annotated[str | None, setting("source.fourcc", panel=_SOURCE)]
FaceModel = Annotated[Path | None, option("file face_landmarker.task")]
Name = Annotated[str, option("of the profile", panel=_PROFILE)]
Out = Annotated[Path | None, option("profile file", panel=_PROFILE, default="profiles/NAME.json")]
Engine = Annotated[Path, option("engine folder")]
Pairs = Annotated[
    Path | None, option("CSV of photographs the engine was not trained on", panel=_PAIRS)
]
Portraits = Annotated[
    Path | None, option("portraits.npz of the engine's training run", panel=_PAIRS)
]
Count = Annotated[
    int, option(Limits("synthetic pairs drawn from the portraits", 4, 10**6), panel=_PAIRS)
]


@command(
    "fleeting calibrate camera --camera 0",
    "fleeting calibrate camera --camera 0 --size 1280x720 --fps 60",
    interrupted="stopped",
)
def camera(
    camera: Camera = None,
    source: Video = None,
    size: Size = None,
    fps: Fps = None,
    fourcc: Fourcc = None,
    seconds: Annotated[
        float, option(Limits("duration of the measurement, s", 3, 3600), panel=_SOURCE)
    ] = 10.0,
    face_model: FaceModel = None,
) -> None:
    """Measure what a camera really delivers, and the light on the face.

    Frames are taken as the live path takes them.  Frame rate and jitter, the age of a frame when
    it arrives, and the light on the face are measured, and where a micro-expression would be
    missed for it the program says what to do.  Nothing is kept.
    """
    from calibration.camera import run

    run(Subject(camera, source, size, fps, fourcc), seconds, face_model)


@command(
    "fleeting calibrate rest --camera 0 --name anna",
    "fleeting calibrate rest --source anna.mp4 --out profiles/anna.json",
    interrupted="stopped; nothing was saved",
)
def rest(
    camera: Camera = None,
    source: Video = None,
    size: Size = None,
    fps: Fps = None,
    fourcc: Fourcc = None,
    seconds: Annotated[
        float, option(Limits("uninterrupted rest that is needed, s", 5, 60), panel=_SOURCE)
    ] = 10.0,
    name: Name = "me",
    out: Out = None,
    face_model: FaceModel = None,
) -> None:
    """Learn the noise of a face at rest, region by region, in ten seconds.

    Look at the screen with a neutral face.  The noise of this face, camera and light, and with it
    the smallest movement that exceeds it, is saved as a profile for fleeting live
    --profile FILE, which then needs half a second instead of two before it finds candidates.  A
    profile that exists keeps what fleeting calibrate person has found.
    """
    from calibration.rest import run

    run(
        Subject(camera, source, size, fps, fourcc),
        seconds=seconds,
        name=name,
        out=out,
        face_model_file=face_model,
    )


@command(
    "fleeting calibrate person --camera 0 --name anna",
    "fleeting calibrate person --source interview.mp4 --start 30 --alarms-per-minute 0.1",
    interrupted="stopped; nothing was saved",
)
def person(
    camera: Camera = None,
    source: Video = None,
    size: Size = None,
    fps: Fps = None,
    fourcc: Fourcc = None,
    seconds: Annotated[
        float, option(Limits("duration of the recording, s", 8, 3600), panel=_SOURCE)
    ] = 60.0,
    start: Annotated[
        float, option(Limits("time of the source to skip, s", 0, 10**6), panel=_SOURCE)
    ] = 0.0,
    alarms_per_minute: Annotated[
        float, option(Limits("target false-alarm rate, a minute", 0.05, 10), panel=_PROFILE)
    ] = 0.2,
    name: Name = "me",
    out: Out = None,
    passes: Annotated[
        int, option(Limits("times that movements are added to the recording", 1, 1000))
    ] = 6,
    seed: Annotated[int, option(Limits("random seed", 0, 2**32 - 1))] = 1,
    verifier: Annotated[Path | None, option("verifier.npz", default="the shipped one")] = None,
    face_model: FaceModel = None,
) -> None:
    """Estimate recall and false-alarm rate on one person and camera, and fit the threshold.

    Sit as you will sit, look and talk as usual for a minute.  Micro-expressions of the generator
    are added to that recording and it is analysed as it would be live.  Printed are how many are
    found, by size, and how many false alarms to expect a minute, each with its 95 % interval.  The
    result is saved as a profile for fleeting live --profile FILE.  The recording itself is kept in
    memory only.
    """
    from calibration.person import PersonOptions, run

    run(
        Subject(camera, source, size, fps, fourcc),
        PersonOptions(
            seconds=seconds,
            start=start,
            alarms_per_minute=alarms_per_minute,
            name=name,
            out=out,
            passes=passes,
            seed=seed,
            verifier=verifier,
            face_model=face_model,
        ),
    )


@command(
    "fleeting calibrate confidence --engine runs/a/engine --portraits runs/a/portraits.npz",
    "fleeting calibrate confidence --engine runs/a/engine --pairs pairs.csv --write",
    extra="train",
    interrupted="stopped; nothing was changed",
)
def confidence(
    engine: Engine,
    pairs: Pairs = None,
    portraits: Portraits = None,
    count: Count = 600,
    false_share: Annotated[
        float, option(Limits("share of the non-events that may pass the threshold", 0, 1))
    ] = 0.1,
    write: Annotated[bool, option("put both into engine.json", "--write")] = False,
) -> None:
    """Fit an engine's temperature and event threshold, so that its probabilities are calibrated.

    One temperature divides the logits so that of the classes given 0.8, eight in ten are correct
    (Guo et al., 2017); one threshold of the event head lets a stated share of the non-events pass.
    Both are fitted on half of the people and reported on the other half.
    """
    from calibration.confidence import run
    from calibration.held_out_pairs import HeldOutPairs

    run(engine, HeldOutPairs(pairs, portraits, count), false_share=false_share, write_it=write)


@command(
    "fleeting calibrate precision --engine runs/a/engine --portraits runs/a/portraits.npz",
    "fleeting calibrate precision --engine runs/a/engine --pairs pairs.csv",
    extra="train",
    interrupted="stopped; the engine is as it was",
)
def precision(
    engine: Engine,
    pairs: Pairs = None,
    portraits: Portraits = None,
    count: Count = 600,
) -> None:
    """Make an engine's int8 and fp8 networks, and keep those that lose at most 0.01 of UF1.

    Ranges are learned on pairs of half of the people; the loss in UF1 and AUROC and the gain in
    time are measured on the other half, next to float32 and bfloat16, on this machine.  Needs nncf
    and openvino.  The loss of fp8 is measured with ONNX Runtime, which rounds alike; its gain in
    time only a GPU shows.
    """
    from calibration.held_out_pairs import HeldOutPairs
    from calibration.precision import run

    run(engine, HeldOutPairs(pairs, portraits, count))
