"""The whole program on the field's long videos: `python -m benchmarks.spotting.datasets NAME=DIR …`

NAME is cas_me_2, samm_lv or cas_me_3, DIR where it was unpacked.  Every long video is watched by
`run_live.py --pace fast` as a user would, and what its event log says at last is scored as the
challenges score: intervals of at least half overlap, one to one, pooled over the database, micro
and macro apart and together; spot-then-recognise (STRS) with the engine's classes, counted by the
reference and as the public script counts.  The event logs are kept in --sessions: a run that was
cut goes on.

A macro-expression counts as spotted where a flag went up and its movement stayed: this program
looks for micro-expressions.  Recordings in which nothing was coded are not visited.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks._common.machine import machine
from benchmarks._common.markdown import publish, table
from model.datasets import registry
from model.datasets.labels import THREE, three_classes
from model.datasets.record import Record
from model.evaluation.metrics import strs
from model.evaluation.metrics.spotting_counts import Spotted, count
from realtime.atomic_file import whole_file
from realtime.errors import DataError, FleetingError
from realtime.event import UNCLASSIFIED

PROGRAM = Path(__file__).parents[2] / "run_live.py"
LONG = ("cas_me_2", "samm_lv", "cas_me_3")


@dataclass(frozen=True, slots=True)
class Video:
    """One recording with all that was coded in it."""

    name: str  # its folder, below the dataset's
    folder: Path
    fps: float
    numbers: tuple[int, ...]  # of its pictures, in order
    records: tuple[Record, ...]


def videos(records: Iterable[Record]) -> list[Video]:
    """Records by the folder their pictures lie in.

    Raises:
        DataError: the pictures of one recording lie in several folders.
    """
    by_folder: dict[Path, list[Record]] = {}
    for record in records:
        folders = {path.parent for path in record.frames.values()}
        if len(folders) != 1:
            raise DataError(f"{record.dataset} {record.clip}: pictures in {len(folders)} folders")
        by_folder.setdefault(folders.pop(), []).append(record)
    return [
        Video(
            f"{own[0].dataset} {folder.parent.name}/{folder.name}",
            folder,
            own[0].fps,
            tuple(own[0].frames),
            tuple(own),
        )
        for folder, own in sorted(by_folder.items())
    ]


def watch(video: Video, home: Path, extra: Sequence[str]) -> list[dict[str, object]]:
    """The last line of every event of a video, by the program itself.

    Raises:
        DataError: the program failed on it.
    """
    kept = home / (video.name.replace("/", "_").replace(" ", "_") + ".jsonl")
    if not kept.exists():
        scratch = home / "running"
        shutil.rmtree(scratch, ignore_errors=True)
        command = [sys.executable, str(PROGRAM), "--source", str(video.folder)]
        command += ["--fps", f"{video.fps:g}", "--pace", "fast", "--dashboard", "none"]
        command += ["--output", str(scratch), *extra]
        done = subprocess.run(command, capture_output=True, text=True)
        logs = list(scratch.glob("*/events.jsonl"))
        if done.returncode or len(logs) != 1:
            raise DataError(f"{video.folder}: {done.stderr.strip()[-300:] or 'no event log'}")
        with whole_file(kept) as file:
            file.write(logs[0].read_bytes())
        shutil.rmtree(scratch)
    lines = (json.loads(line) for line in kept.read_text("utf-8").splitlines())
    return list({line["id"]: line for line in lines}.values())


def spotted(video: Video, events: Iterable[dict[str, object]]) -> Iterable[tuple[Spotted, str]]:
    """Events that stand, in the dataset's own frame numbers, with their class."""
    last = len(video.numbers) - 1
    for event in events:
        kind = event["kind"]
        if kind == "micro" or kind == "macro":
            first, end = (
                video.numbers[min(max(int(str(event[name])), 0), last)]
                for name in ("onset_frame", "offset_frame")
            )
            yield Spotted(video.name, kind, (first, end)), str(event["label"])


def coded(video: Video) -> Iterable[tuple[Spotted, str]]:
    for record in video.records:
        if record.kind != "blink" and record.offset is not None:
            label = three_classes(record)
            emotion = "others" if label is None or label < 0 else THREE[label]
            yield Spotted(video.name, record.kind, (record.onset, record.offset)), emotion


def named(pairs: Iterable[tuple[Spotted, str]], subject: dict[str, str]) -> list[strs.Named]:
    """Micro-expressions as the STRS counts them."""
    return [
        strs.Named(subject[s.video], s.video, int(s.interval[0]), int(s.interval[1]), label)
        for s, label in pairs
        if s.kind == "micro" and label != UNCLASSIFIED
    ]


def report(
    truth: Sequence[tuple[Spotted, str]],
    found: Sequence[tuple[Spotted, str]],
    subject: dict[str, str],
    minutes: float,
) -> str:
    counts = count([t for t, _ in truth], [f for f, _ in found])
    rows = [
        [kind, *(str(n) for n in (c.truths, c.predictions, c.hits))]
        + [f"{v:.4f}" for v in (c.precision, c.recall, c.f1)]
        for kind, c in counts.items()
    ]
    headings = ["kind", "coded M", "spotted N", "hits A", "precision", "recall", "F1"]
    micro = counts["micro"]
    text = table(headings, rows)
    text += f"\nFalse alarms a minute, micro: {(micro.predictions - micro.hits) / minutes:.2f} in "
    text += f"{minutes:.1f} minutes of {len(subject)} videos.\n\n"
    modes: tuple[strs.Mode, ...] = ("reference", "compat")
    scores = {m: strs.score(named(truth, subject), named(found, subject), THREE, m) for m in modes}
    return text + table(
        ["spot-then-recognise", *scores],
        [
            [name.replace("_", " "), *(f"{getattr(s, name):.4f}" for s in scores.values())]
            for name in ("f1_analysis", "uf1", "strs")
        ],
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", metavar="NAME=DIR", help=", ".join(LONG))
    parser.add_argument("--sessions", type=Path, default=Path("runs/spotting"), help="event logs")
    parser.add_argument("--alarms-per-minute", type=float, default=0.2)
    parser.add_argument("--engine", type=Path, help="engine folder; default: the shipped one")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown")
    given = parser.parse_args()
    extra = ["--alarms-per-minute", f"{given.alarms_per_minute:g}"]
    extra += ["--engine", str(given.engine)] if given.engine else []
    home = given.sessions / f"{given.alarms_per_minute:g} a minute"
    try:
        records: list[Record] = []
        for spec in given.data:
            if spec.partition("=")[0] not in LONG:
                raise DataError(f"{spec!r} is not NAME=DIR with one of {', '.join(LONG)}")
            dataset = registry.load(spec)
            sys.stderr.writelines(f"{line}\n" for line in dataset.report.summary())
            records += dataset.records
        home.mkdir(parents=True, exist_ok=True)
        all_videos = videos(records)
        found: list[tuple[Spotted, str]] = []
        for video in track(all_videos, "watching", console=Console(stderr=True)):
            found += spotted(video, watch(video, home, extra))
    except FleetingError as error:
        sys.stderr.write(f"benchmarks.spotting.datasets: {error}\n")
        return error.exit_code
    truth = [each for video in all_videos for each in coded(video)]
    subject = {video.name: video.records[0].subject for video in all_videos}
    minutes = sum(len(video.numbers) / video.fps for video in all_videos) / 60
    text = report(truth, found, subject, minutes)
    text += f"\nBudget {given.alarms_per_minute:g} false alarms a minute. {machine()}\n"
    publish(text, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
