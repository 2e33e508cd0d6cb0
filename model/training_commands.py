"""`fleeting train` and `train-verifier`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from realtime.cli.command import command
from realtime.cli.options import option
from realtime.limits import Limits

PANEL = "Networks"

_LENGTH, _SCHEDULE = "Length", "Schedule"
_SYNTHETIC, _DATASETS = "Synthetic pairs", "Annotated datasets"
_MATERIAL = "People, filmed and simulated"


class SkinModel(StrEnum):
    """The names of `model.synthetic.skin_models.SKINS`, without importing it."""

    pulls = "pulls"
    rig = "rig"
    elastic = "elastic"


Motions = list[SkinModel]
FaceModel = Annotated[Path | None, option("file face_landmarker.task")]


@command(
    "fleeting train --output runs/first --minutes 240",
    "fleeting train --data casme2=DIR --protocol loso --steps 600 --output runs/loso",
    extra="train",
    interrupted="stopped; go on with --resume",
    log="%(asctime)s %(message)s",
)
def train(
    output: Annotated[Path, option("folder of the run")],
    data: Annotated[
        list[str] | None,
        option(
            "annotated dataset, as often as needed",
            metavar="NAME=DIR",
            default="synthetic",
            panel=_DATASETS,
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        option(
            Limits(
                "length of the training, minutes; writing its engine follows", 0, 1e5, above=True
            ),
            panel=_LENGTH,
        ),
    ] = None,
    steps: Annotated[
        int | None, option(Limits("length of the run, steps", 1, 10**9), panel=_LENGTH)
    ] = None,
    resume: Annotated[bool, option("go on with the run in --output", "--resume")] = False,
    start_from: Annotated[Path | None, option("engine folder whose weights to start from")] = None,
    seed: Annotated[int, option(Limits("random seed", 0, 2**32 - 1))] = 1,
    threads: Annotated[int, option(Limits("processor threads", 1, 1024))] = 2,
    face_model: FaceModel = None,
    save_every_s: Annotated[
        float, option(Limits("time between checkpoints, s", 0, 86_400))
    ] = 120.0,
    cache_pairs: Annotated[
        int,
        option(Limits("pairs that the transformers read again", 1, 10**6), panel=_SCHEDULE),
    ] = 3072,
    epochs: Annotated[
        int, option(Limits("times that they read them", 1, 1000), panel=_SCHEDULE)
    ] = 6,
    shares: Annotated[
        tuple[float, float, float, float] | None,
        option(
            Limits("share of the run for each phase; the last trains the event head alone", 0, 1),
            panel=_SCHEDULE,
            metavar="DISPLACEMENT FUSION JOINT EVENT",
            default="0.4 0.3 0.3 0",
        ),
    ] = None,
    rates: Annotated[
        float,
        option(Limits("factor of all learning rates", 0, 1000, above=True), panel=_SCHEDULE),
    ] = 1.0,
    batches: Annotated[
        int,
        option(Limits("factor of all batch sizes; 4 keeps a GPU busy", 1, 1024), panel=_SCHEDULE),
    ] = 1,
    portraits: Annotated[
        Path | None, option("folder of face photographs", panel=_SYNTHETIC)
    ] = None,
    footage: Annotated[
        list[Path] | None,
        option(
            "video of faces to add movements to, or a folder of them, as often as needed",
            panel=_SYNTHETIC,
            metavar="FILE",
        ),
    ] = None,
    people: Annotated[
        Path | None,
        option("CSV with the columns file and person: who is in which video", panel=_SYNTHETIC),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        option(
            "person whose videos are not used, as often as needed",
            panel=_SYNTHETIC,
            metavar="PERSON",
        ),
    ] = None,
    motions: Annotated[
        Motions | None,
        option(
            "skin-deformation model, as often as needed", panel=_SYNTHETIC, default="pulls, rig"
        ),
    ] = None,
    fresh_fusion: Annotated[
        bool,
        option(
            "take the displacement module alone from --start-from; the rest starts from nothing",
            "--fresh-fusion",
            panel=_SYNTHETIC,
        ),
    ] = False,
    workers: Annotated[
        int, option(Limits("processes that draw pairs", 0, 1024), panel=_SYNTHETIC)
    ] = 1,
    protocol: Annotated[
        Literal["all", "loso", "holdout", "cross-dataset"],
        option("all trains on everything, the others score held-out subjects", panel=_DATASETS),
    ] = "all",
    labels: Annotated[
        Literal["megc2019", "three", "five", "objective"], option("classes", panel=_DATASETS)
    ] = "three",
    cluster: Annotated[
        bool, option("folds in parallel on Ray", "--cluster", panel=_DATASETS)
    ] = False,
    cluster_workers: Annotated[
        int, option(Limits("folds at a time on a Ray started here", 1, 1024), panel=_DATASETS)
    ] = 2,
) -> None:
    """Train the recognition network, on synthetic pairs or on annotated datasets.

    With --protocol all it ends by writing the engine folder OUTPUT/engine.  With another protocol
    it trains one network for each fold of the annotated datasets and scores it on the subjects
    that were held out.  A run that was killed goes on with --resume.
    """
    from model.synthetic.skin_models import LEARNED
    from model.train import TrainOptions, run

    run(
        TrainOptions(
            output=output,
            data=tuple(data or ("synthetic",)),
            minutes=minutes,
            steps=steps,
            resume=resume,
            start_from=start_from,
            seed=seed,
            threads=threads,
            face_model=face_model,
            save_every_s=save_every_s,
            cache_pairs=cache_pairs,
            epochs=epochs,
            shares=shares,
            rates=rates,
            batches=batches,
            portraits=portraits,
            footage=tuple(footage or ()),
            people=people,
            leave_out=tuple(leave_out or ()),
            motions=tuple(m.value for m in motions) if motions else LEARNED,
            fresh_fusion=fresh_fusion,
            workers=workers,
            protocol=protocol,
            labels=labels,
            cluster=cluster,
            cluster_workers=cluster_workers,
        )
    )


@command(
    "fleeting train-verifier --output runs/verifier --footage talk.mp4 --cut talk.mp4:2.5-4",
    "fleeting train-verifier --output runs/verifier --install",
    extra="train",
    interrupted="stopped; the same command goes on",
    log="%(message)s",
)
def train_verifier(
    output: Annotated[Path, option("folder of the run")],
    footage: Annotated[
        list[Path] | None,
        option(
            "video of faces, or a folder of them, as often as needed",
            panel=_MATERIAL,
            metavar="FILE",
        ),
    ] = None,
    persons: Annotated[
        Path | None,
        option("table of who is in each video, columns file and person", panel=_MATERIAL),
    ] = None,
    cut: Annotated[
        list[str] | None,
        option(
            "seconds of a video of --footage to leave out, as often as needed",
            panel=_MATERIAL,
            metavar="VIDEO:FROM-TO",
        ),
    ] = None,
    portraits: Annotated[Path | None, option("folder of face photographs", panel=_MATERIAL)] = None,
    minutes: Annotated[
        float, option(Limits("minutes of each person with movements added", 0.1, 10_000))
    ] = 20.0,
    simulated: Annotated[
        int,
        option(Limits("simulated people, half a minute each", 0, 100_000), panel=_MATERIAL),
    ] = 120,
    simulated_passes: Annotated[
        int, option(Limits("times each simulated person is used", 1, 1000), panel=_MATERIAL)
    ] = 5,
    leave_out: Annotated[
        list[str] | None,
        option("person or group not learned from, as often as needed", metavar="NAME"),
    ] = None,
    seed: Annotated[int, option(Limits("random seed", 0, 2**32 - 1))] = 1,
    workers: Annotated[int, option(Limits("processes", 1, 1024))] = 2,
    face_model: FaceModel = None,
    save: Annotated[Path | None, option("copy the verifier to this file")] = None,
    install: Annotated[bool, option("make it the shipped verifier", "--install")] = False,
) -> None:
    """Train the verifier, which tells micro-expressions from other brief movements.

    Videos of faces (--footage) and simulated people are measured as the live path measures them.
    Micro-expressions, ordinary expressions and beats of speech are added to the measured numbers;
    boosted trees learn which candidates were micro-expressions. People are held out one by one for
    the table of false-alarm rates. All results are kept in OUTPUT: a run that was cut goes on. Ends
    by writing OUTPUT/verifier.npz and its report.

    Train on videos you may use.  One that is to be scored must not be among them.  A video may
    hold a brief movement of its own, which would be learned as a false alarm: look where the
    spotter flags your footage, and leave such a moment out with --cut.
    """
    from model.train_verifier import VerifierOptions, run

    run(
        VerifierOptions(
            output=output,
            footage=tuple(footage or ()),
            persons=persons,
            cut=tuple(cut or ()),
            portraits=portraits,
            minutes=minutes,
            simulated=simulated,
            simulated_passes=simulated_passes,
            leave_out=tuple(leave_out or ()),
            seed=seed,
            workers=workers,
            face_model=face_model,
            save=save,
            install=install,
        )
    )
