"""The pages and calls of the review, as an ASGI application.

GET  /                      the page
GET  /queue                 every item, with the answers so far
GET  /items/N               an item: marks, traces, timeline, its answer
GET  /items/N/clip          its frames (`clip_pack`), with a ticket to answer by
GET  /items/N/made          how much of them is made, 0 to 1
POST /items/N/answer        an answer (`AnswerForm`)
POST /items/N/undo          takes it back
GET  /summary               what came of it
POST /end                   ends the program
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from realtime.errors import DataError, FleetingError
from realtime.review.clip_maker import ClipMaker
from realtime.review.desk import AnswerForm, AnswerRefused, ReviewDesk
from realtime.review.summary import Summary
from realtime.review.views import ItemView, QueueView, item_view, queue_view

_HERE = Path(__file__).parent
_QUEUE, _ITEM = TypeAdapter(QueueView), TypeAdapter(ItemView)


class _UndoForm(BaseModel):
    replaces: str


class ReviewPages:
    """Args:
    clips: made of the desk's items.
    summary: what came of the answers so far.
    end: ends the server.
    """

    def __init__(
        self,
        desk: ReviewDesk,
        clips: ClipMaker,
        summary: Callable[[], Summary],
        end: Callable[[], None],
    ) -> None:
        self._desk, self._clips, self._summary, self._end = desk, clips, summary, end
        loader = jinja2.FileSystemLoader(_HERE / "templates")
        self._templates = jinja2.Environment(
            loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
        )

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/queue", self._queue),
                Route("/items/{number:int}", self._item),
                Route("/items/{number:int}/clip", self._clip),
                Route("/items/{number:int}/made", self._made),
                Route("/items/{number:int}/answer", self._answer, methods=["POST"]),
                Route("/items/{number:int}/undo", self._undo, methods=["POST"]),
                Route("/summary", self._summary_page),
                Route("/end", self._end_review, methods=["POST"]),
                Mount("/static", StaticFiles(directory=_HERE / "static")),
            ],
            exception_handlers={
                AnswerRefused: _refused(409),
                DataError: _refused(422),
                ValidationError: _refused(422),
                FleetingError: _refused(500),
            },
        )

    def _page(self, request: Request) -> Response:
        return self._html("review.html")

    def _queue(self, request: Request) -> Response:
        return _json(_QUEUE.dump_json(queue_view(self._desk)))

    def _item(self, request: Request) -> Response:
        return _json(_ITEM.dump_json(item_view(self._desk, self._number(request))))

    async def _clip(self, request: Request) -> Response:
        number = self._number(request)
        clip = await asyncio.wrap_future(self._clips.clip(number))
        ticket = {"x-ticket": self._desk.ticket(number)}
        return Response(clip, media_type="application/octet-stream", headers=ticket)

    async def _made(self, request: Request) -> Response:
        return JSONResponse(self._clips.share(self._number(request)))

    async def _answer(self, request: Request) -> Response:
        number = self._number(request)
        form = AnswerForm.model_validate_json(await request.body())
        return await run_in_threadpool(self._answered, number, form)

    async def _undo(self, request: Request) -> Response:
        number = self._number(request)
        form = _UndoForm.model_validate_json(await request.body())
        await run_in_threadpool(self._desk.undo, number, form.replaces)
        return await run_in_threadpool(self._item, request)

    def _answered(self, number: int, form: AnswerForm) -> Response:
        self._desk.answer(number, form)
        return _json(_ITEM.dump_json(item_view(self._desk, number)))

    def _summary_page(self, request: Request) -> Response:
        return self._html("summary.html", summary=self._summary())

    def _end_review(self, request: Request) -> Response:
        self._end()
        return Response(status_code=204)

    def _html(self, name: str, **values: Any) -> Response:
        return HTMLResponse(self._templates.get_template(name).render(**values))

    def _number(self, request: Request) -> int:
        number: int = request.path_params["number"]
        if number >= len(self._desk.tasks):
            raise HTTPException(404, "there is no such item")
        return number


def _json(data: bytes) -> Response:
    return Response(data, media_type="application/json")


def _refused(status: int) -> Callable[[Request, Exception], Response]:
    def say(request: Request, error: Exception) -> Response:
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False)[0]
            text = f"not an answer ({'.'.join(map(str, first['loc']))}: {first['msg']})"
        else:
            text = str(error)
        return JSONResponse({"error": text}, status)

    return say
