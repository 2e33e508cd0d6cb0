"""Who may talk to the server: the browser that was given the address, and no page but ours.

The server listens on 127.0.0.1 alone.  Other programs' pages can still reach it through the same
browser, so every request must name this host and port (a foreign name that leads here is refused),
come from our own page where it says from where, and carry the cookie that the one-time token of
the address was exchanged for.
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = ("GET", "HEAD")
_MOST_BYTES = 64_000  # of a request's body
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
# The cookie is strict: a browser that came by a link from elsewhere sends it from our page on.
_ENTRY = (
    '<!doctype html><meta http-equiv="refresh" content="0;url=/">'
    '<link rel="icon" href="/static/icon.svg"><title>Fleeting</title>'
)


class AccessControl:
    """ASGI middleware.

    Args:
        port: that the server listens on.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"fleeting-{port}"  # cookies do not know of ports
        self._session = secrets.token_urlsafe(32)
        self._token: str | None = secrets.token_urlsafe(32)
        self.address = f"http://127.0.0.1:{port}/?token={self._token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = self._refusal(scope) or self._entry(scope)
        await (answer or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if headers.get("host") not in self._hosts:
            return PlainTextResponse("this host is not served here", 421)
        origin = headers.get("origin")
        if origin is None and scope["method"] not in _SAFE:
            return PlainTextResponse("a request that changes something must say its origin", 403)
        if origin is not None and origin not in {f"http://{host}" for host in self._hosts}:
            return PlainTextResponse("this origin is not served here", 403)
        try:
            too_long = int(headers.get("content-length", 0)) > _MOST_BYTES
        except ValueError:
            too_long = True
        if too_long or "transfer-encoding" in headers:
            return PlainTextResponse("too long", 413)
        return None

    def _entry(self, scope: Scope) -> Response | None:
        """None: it has the cookie.  The token is taken once."""
        try:
            cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
        except CookieError:
            cookies = SimpleCookie()
        held = cookies.get(self._cookie)
        if held is not None and hmac.compare_digest(held.value.encode(), self._session.encode()):
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        given = query.get("token", [""])[0].encode()
        if (
            scope["path"] == "/"
            and self._token
            and hmac.compare_digest(given, self._token.encode())
        ):
            self._token = None
            response = HTMLResponse(_ENTRY)
            response.set_cookie(self._cookie, self._session, httponly=True, samesite="strict")
            return response
        return PlainTextResponse(
            "Open the address that fleeting review printed. It opens one browser, once; "
            "for another one start fleeting review again.",
            403,
        )
