"""`fleeting agreement`, `import-coding` and `table`: what is done with a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realtime.cli.command import command
from realtime.cli.options import option

PANEL = "Studies"

StudyFolder = Annotated[
    Path,
    typer.Argument(metavar="STUDY", help="a folder below which session folders lie, or a session"),
]


@command(
    "fleeting agreement sessions/",
    "fleeting agreement sessions/ --out agreement.csv",
    extra="study",
)
def agreement(
    study: StudyFolder,
    out: Annotated[
        Path | None, option("table of the pairs, one row each", metavar="FILE.csv")
    ] = None,
) -> None:
    """How far the coders of a study agree, and the program with each of them.

    For every two: micro-expressions to both, to one and to neither, F1, Cohen's κ and
    Krippendorff's α with 95 % intervals, κ of the class, median overlap (IoU) and median
    difference of the apexes, and a table of confusions.  Hand coding is matched by an IoU of at
    least 0.5; what a coder was unsure of is left out.
    """
    from realtime.study.agreement_program import print_agreement

    print_agreement(study, out)


@command(
    "fleeting import-coding sessions/P07.mp4 P07.eaf --coder anna --tier micro",
    "fleeting import-coding sessions/ coding.csv --coder bert",
)
def import_coding(
    study: StudyFolder,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=".eaf, or a table (.csv, .tsv) with onset and offset"),
    ],
    coder: Annotated[str, option("who coded it", metavar="NAME")],
    tier: Annotated[
        str | None, option("tier of the movements; not needed where there is one alone")
    ] = None,
    apex_tier: Annotated[
        str | None, option("tier on which an annotation begins at an apex")
    ] = None,
) -> None:
    """Take over coding that was done by hand in another program, as the labels of a coder.

    A table has a row a movement and the columns onset and offset, in seconds on the time line of
    the film; apex, label, units (FACS, such as L12B+4), confidence (1 to 5), comment and, for a
    study of several films, file.  A label or the text of an annotation is negative, positive,
    surprise, an emotion (disgust, anger, fear, sadness, contempt, happiness), none, unsure, or
    action units; any other is kept as a comment.

    The file is taken as the coding of the whole film: what is not in it was not seen by the
    coder.  The same command again replaces what was imported before.  The file is not changed.
    """
    from realtime.study.import_program import import_coding as import_file

    import_file(study, file, coder, tier=tier, apex_tier=apex_tier)


@command(
    "fleeting table sessions/ --out events.csv",
    "fleeting table sessions/ --out tables/film1.sav",
    extra="study",
)
def table(
    study: StudyFolder,
    out: Annotated[
        Path, option("table of events: .csv, .xlsx, .parquet or .sav (SPSS)", metavar="FILE")
    ],
    force: Annotated[
        bool, option("replace files that another program wrote, too", "--force")
    ] = False,
) -> None:
    """Write a study as tables for R, pandas, a spreadsheet or SPSS.

    Three tables: events, one row each as known last, with what every coder answered; sessions,
    with the minutes seen and judged and how small a movement would have been found, so that
    rates can be computed; labels, every answer of a coder, those to hand coding and random
    stretches too.  Beside events.csv they are called sessions.csv and labels.csv.  Each has a
    codebook (.json, as in BIDS) that explains its columns.
    """
    from realtime.study.table_program import write_study

    write_study(study, out, force=force)
