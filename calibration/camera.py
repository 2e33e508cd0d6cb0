"""What a camera really delivers: `fleeting calibrate camera --camera 0`.

Ten seconds are taken as the live path takes them.  Rate and regularity, how old a picture is when
it arrives, and the light on the face are measured, and where a micro-expression would suffer it
says what to do.  Nothing is kept.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from realtime.capture.source import SourceInfo
from realtime.doctor.camera_advice import watch
from realtime.doctor.camera_measurement import Delivery, Light
from realtime.settings.source_arguments import Subject


def report(info: SourceInfo, came: Delivery, light: Light) -> Table:
    table = Table(title=f"{info.name}, {info.width}×{info.height}", title_justify="left")
    table.add_column("")
    table.add_column("measured", justify="right")
    reported = f"{info.reported_fps:.1f}" if info.reported_fps else "none"
    table.add_row("pictures a second", f"{came.fps:.2f} (reported: {reported})")
    table.add_row("from one to the next", f"{came.interval_ms:.1f} ms")
    table.add_row("95 % come within", f"± {came.jitter_ms:.1f} ms")
    table.add_row(
        "lost, repeated, undecodable", f"{came.lost:.1%}, {came.repeated:.1%}, {came.undecodable}"
    )
    if came.age_ms is not None:
        table.add_row("from the driver's time stamp to the grab", f"{came.age_ms:.1f} ms")
    table.add_row("flicker, noise", f"{light.flicker:.1f}, {light.noise:.1f} grey levels")
    if light.iod_px is not None:
        table.add_row("face: between the eyes", f"{light.iod_px:.0f} px")
        table.add_row("face: steps of the codec", f"{light.coarse:.1f} grey levels")
        table.add_row(
            "face: brightness, overexposed", f"{light.grey:.0f} of 255, {light.burnt:.1%}"
        )
    return table


def run(subject: Subject, seconds: float, face_model_file: Path | None) -> None:
    """Measure for so many seconds and print what came; see `fleeting calibrate camera --help`.

    Raises:
        SourceError: it cannot be opened.
        DataError: too few frames came.
    """
    watched = watch(subject, seconds, face_model_file)
    console = Console(width=None if sys.stdout.isatty() else 100)
    console.print(report(watched.info, watched.came, watched.light))
    for remark in watched.info.remarks:
        console.print(f"! {remark}", highlight=False)
    for advice in watched.advice:
        console.print(f"! {advice.trouble}\n  → {advice.remedy}", highlight=False)
    if not watched.advice:
        console.print("No problem was found.")
