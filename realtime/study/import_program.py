"""`fleeting import-coding`: coding by hand becomes the labels of a coder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from realtime.errors import DataError, SettingsError
from realtime.export.safe_text import counted, one_line
from realtime.recording.labels import Label, LabelFile, coder_name
from realtime.study.hand_coding import CodedMovement, labels_of, read_table, read_tiers
from realtime.study.study import Study, StudySession, open_study

_ELAN = ".eaf"
_SHOWN = 5  # of the labels that are no class


def import_coding(
    folder: Path, file: Path, coder: str, *, tier: str | None = None, apex_tier: str | None = None
) -> None:
    """Keep what a file says as the labels of a coder, in the place of what was imported before.

    The coder's answers in a review stay.

    Raises:
        SettingsError: the coder's name cannot be one, or a tier is named of a table.
        DataError: it is no study, the file cannot be read, or names a film that has no session.
        RecordingError: the labels cannot be written.
    """
    coder = coder_name(coder)
    study = open_study(folder)
    is_elan = file.suffix.lower() == _ELAN
    if not is_elan and (tier or apex_tier):
        raise SettingsError("--tier and --apex-tier are for .eaf files; a table has columns")
    coded = read_tiers(file, tier, apex_tier) if is_elan else read_table(file)
    by_session = _by_session(study, coded, file)
    labels = [(of, labels_of(movements, coder)) for of, movements in by_session]
    for of, said in labels:
        _replace_imported(of.session.folder, coder, said)
        name = one_line(of.name)
        sys.stdout.write(f"{name}: {counted(len(said) - 1, 'movement')} by {coder}\n")
    others = sorted({movement.text for movement in coded if movement.is_other})
    if others:
        some = one_line(", ".join(others[:_SHOWN]))
        sys.stderr.write(f"fleeting: kept as comments, without a class: {some}\n")


def _replace_imported(session: Path, coder: str, labels: Sequence[Label]) -> None:
    file = LabelFile(session, coder)
    now = {label.item for label in labels}
    before = [item for item, label in file.labels.items() if label.stratum == "imported"]
    file.append(*labels)
    file.remove(*(item for item in before if item not in now))


def _by_session(
    study: Study, coded: Sequence[CodedMovement], file: Path
) -> list[tuple[StudySession, list[CodedMovement]]]:
    """What is coded, by session, in the study's order.

    Of a file that names no film it is all of one session, which may have been found empty.
    """
    films = dict.fromkeys(movement.file for movement in coded)
    if not any(films):
        if len(study.sessions) > 1:
            raise DataError(
                f"{study.folder} holds {len(study.sessions)} sessions: give the one that {file} "
                "codes, or a table with a column file"
            )
        return [(study.sessions[0], list(coded))]
    found = {film: _session_of(study, film, file) for film in films}
    return [
        (of, [m for m in coded if found[m.file] is of])
        for of in study.sessions
        if of in found.values()
    ]


def _session_of(study: Study, film: str, file: Path) -> StudySession:
    """The one session of a film, by its name or path."""
    wanted = _name(film)
    found = [of for of in study.sessions if wanted and wanted in _names(of)]
    if len(found) != 1:
        what = counted(len(found), "session") if found else "no session"
        raise DataError(f"{file}: {what} of {film!r} in {study.folder}")
    return found[0]


def _names(of: StudySession) -> set[str]:
    record = of.session.record
    source = "" if record is None else _name(record.source)
    return {source, *PurePosixPath(of.name).parts} - {""}


def _name(path: str) -> str:
    """The last part of a path of any system."""
    kind: type[PurePath] = PureWindowsPath if "\\" in path else PurePosixPath
    return kind(path).name
