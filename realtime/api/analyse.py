"""`analyse(source)`: what `fleeting live --pace fast` does, called from Python.

from realtime import analyse

if __name__ == "__main__":  # the network runs in a process of its own
    session = analyse("film.mp4", participant="P07")
    print(session.to_pandas())
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from realtime.errors import NothingJudged, SettingsError

if TYPE_CHECKING:
    from realtime.event import Event
    from realtime.recording.session import Session


def analyse(
    source: Path | str | int,
    *,
    participant: str = "",
    condition: str = "",
    output: Path | str = "sessions",
    settings: Mapping[str, object] | None = None,
    on_event: Callable[[Event], None] | None = None,
    stop: threading.Event | None = None,
) -> Session:
    """Analyse a film, a folder of images, a stream or a camera to its end.

    Args:
        source: a path or address, or the number of a camera.
        participant: whose face it is.
        condition: of the experiment.
        output: folder in which the session folder is made.
        settings: by their names in docs/configuration.md, such as
            {"spotter.alarms_per_minute": 1, "source.seconds": 60}.
        on_event: is called with every event, and with every revision of one, as it is written.  It
            delays the analysis for as long as it takes.
        stop: ends the analysis early when it is set.

    Returns:
        What was kept.  Its `record.outcome` says whether the face could be judged at all.

    Raises:
        FleetingError: the source cannot be opened, a setting is wrong, or the session cannot be
            written.
        KeyboardInterrupt: after Ctrl-C; what was analysed until then is kept.
    """
    # here: the process of the network reads the caller's file again, and needs none of this
    from realtime.app import run
    from realtime.capture.address import wanted_address
    from realtime.recording.session import open_session
    from realtime.settings.load import load_settings

    for name in settings or ():
        _check_setting(name)
    is_camera = isinstance(source, int)
    named = {"source.camera": source} if is_camera else {"source.source": str(source)}
    given: dict[str, object] = {
        **named,
        "study.participant": participant,
        "study.condition": condition,
        "recorder.output": Path(output),
        "dashboard.kind": "none",
        **(settings or {}),
    }
    address = wanted_address(*(None, source) if isinstance(source, int) else (str(source), None))
    if address.kind.value not in ("camera", "stream"):
        given.setdefault("source.pace", "fast")
    elif "consent.file" not in given:
        raise SettingsError(
            "of a camera or stream nothing is kept without consent: "
            'settings={"consent.file": Path("consent.toml")}'
        )
    made: list[Path] = []
    with (
        _stopped_by_interrupt(stop or threading.Event()) as (asked, begun),
        suppress(NothingJudged),  # the session says so too
    ):
        run(load_settings(None, given), asked, begun, on_session=made.append, on_event=on_event)
    if not made:
        raise SettingsError("nothing is kept of this source, so there is no session")
    return open_session(made[0])


def _check_setting(name: str) -> None:
    from realtime.settings.fields import field_of

    try:
        field_of(name)
    except (KeyError, AssertionError):
        raise SettingsError(
            f"there is no setting {name!r}; docs/configuration.md lists them"
        ) from None


@contextmanager
def _stopped_by_interrupt(
    stop: threading.Event,
) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Ctrl-C sets `stop` once the run looks at it, and is raised when the run has ended."""
    begun, interrupted = threading.Event(), threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop, begun
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if interrupted.is_set() or not begun.is_set():
            raise KeyboardInterrupt
        interrupted.set()
        stop.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop, begun
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted.is_set():
        raise KeyboardInterrupt
