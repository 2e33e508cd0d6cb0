"""`fleeting review`: opens a study, serves the review, and says at the end what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from starlette.types import ASGIApp

from realtime.dashboard.words import printable
from realtime.errors import SettingsError
from realtime.event import Event
from realtime.face.weights import face_model
from realtime.recording.session import Session
from realtime.review.clip_maker import ClipMaker
from realtime.review.desk import ReviewDesk, ReviewTask
from realtime.review.footage import can_play, filmed
from realtime.review.progress import tracked
from realtime.review.server import ReviewServer, forwarding, listen, open_browser, over_ssh
from realtime.review.summary import in_words, summarise
from realtime.review.web import ReviewPages
from realtime.study.queue import QueueItem, drawn_queue, flagged_queue, known_queue
from realtime.study.study import Study, StudySession, open_study


def review_study(
    folder: Path,
    *,
    coder: str,
    sample: int | None = None,
    seed: int = 1,
    retracted: bool = False,
    summary_only: bool = False,
    browser: bool = True,
    port: int = 0,
    face_model_file: Path | None = None,
) -> None:
    """Let a coder answer the items of a study in a browser, then print what came of it.

    Raises:
        DataError: there is no session, or a file of it cannot be read.
        SettingsError: there is nothing to review, or a setting makes no sense.
        RecordingError: the queue cannot be written.
    """
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False, markup=False)
    study = open_study(folder)
    drawn = known_queue(study, coder) if summary_only and sample is None else []
    queue, notices = (drawn, []) if drawn else _queue(study, coder, sample, seed, retracted)
    desk = ReviewDesk(coder, [ReviewTask(of, item) for of, item in queue])
    notices = [*study.troubles, *notices]
    result = partial(summarise, study, desk, notices)
    for notice in notices:
        sys.stderr.write(f"fleeting: {printable(notice)}\n")
    if not summary_only:
        if not queue:
            raise SettingsError(f"{folder}: nothing is there to review (see the lines above)")
        with ClipMaker(_maker(desk, face_model(face_model_file)), len(queue)) as clips:

            def pages(end: Callable[[], None]) -> ASGIApp:
                return ReviewPages(desk, clips, result, end).application()

            server = ReviewServer(listen(port), pages)
            _announce(console, server, browser)
            server.run()
    for line in in_words(result()):
        console.print(line)


def _queue(
    study: Study, coder: str, sample: int | None, seed: int, retracted: bool
) -> tuple[Sequence[tuple[StudySession, QueueItem]], list[str]]:
    """What can be played, and what is said of the rest."""

    def playable(of: StudySession, event: Event) -> bool:
        return can_play(of.session, event)

    if sample is not None:
        queue = drawn_queue(
            study, coder, sample, seed, playable, lambda of: filmed(of.session), tracked
        )
        without = sum(not _has_film(of.session) for of in study.sessions)
        if without:
            return queue, [
                f"{without} sessions have no film: of these only events with a clip are "
                "in the sample, and no random stretches (fleeting live --pictures video keeps all "
                "of a session, --clips all clips of rejected movements)"
            ]
        return queue, []
    everything = flagged_queue(study, retracted=retracted)
    queue = [(of, item) for of, item in everything if _is_there(ReviewTask(of, item))]
    lost = len(everything) - len(queue)
    return queue, [f"{lost} flagged movements have neither clip nor film"] if lost else []


def _is_there(task: ReviewTask) -> bool:
    return task.event is not None and can_play(task.of.session, task.event)


def _has_film(session: Session) -> bool:
    return session.source is not None or bool(session.video)


def _maker(desk: ReviewDesk, model: Path) -> Callable[[int, Callable[[float], None]], bytes]:
    """Imports what it needs in the thread that makes clips: the address is printed before."""
    makers: list[Callable[[ReviewTask, Callable[[float], None]], bytes]] = []

    def make(number: int, note: Callable[[float], None]) -> bytes:
        from realtime.review.item_clip import clip_maker

        if not makers:
            makers.append(clip_maker(model))
        return makers[0](desk.tasks[number], note)

    return make


def _announce(console: Console, server: ReviewServer, browser: bool) -> None:
    opened = browser and open_browser(server.address)
    console.print("review in your browser" if opened else "open this address in a browser:")
    console.print(f"  {server.address}", soft_wrap=True)
    console.print("It opens one browser, once. Every answer is kept at once; Ctrl-C ends it.")
    if over_ssh():
        console.print("From the machine that you sit at, first forward the port:")
        console.print(f"  {forwarding(server.port)}", soft_wrap=True)
    sys.stdout.flush()
