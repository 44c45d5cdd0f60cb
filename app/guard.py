"""What every request passes before the application sees it, and every answer on its way out."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OTHER_BODIES = 2**20  # bytes: only uploads are larger
STALLED = 30  # seconds without a byte of a request's body
SLOW = 600  # seconds for all of it
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SAFE = {
    "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Bounds on requests, and headers that leave a browser nothing to guess.

    Refuses names of this machine other than `hosts` (None: any), for a foreign site may point its
    own name here; what other sites' pages send; bodies of more than `largest` bytes, and those that
    do not come. Pages of other origins cannot read an answer: there are no CORS headers.
    """

    def __init__(self, app: ASGIApp, largest: int, hosts: Collection[str] | None):
        self._app, self._largest, self._hosts = app, largest, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SAFE)
                # What people send is kept nowhere; the page itself is asked for anew.
                own = scope["path"].startswith("/api/")
                headers["cache-control"] = "no-store" if own else "no-cache"
            await send(message)

        try:
            headers = Headers(scope=scope)
            self._check(scope["method"], headers)
            limited = _Body(receive, self._limit(headers))
        except HTTPException as error:
            answer = JSONResponse({"detail": error.detail}, error.status_code)
            await answer(scope, receive, send_safely)
        else:
            await self._app(scope, limited, send_safely)

    def _check(self, method: str, headers: Headers) -> None:
        host = headers.get("host", "")
        if self._hosts is not None and _hostname(host) not in self._hosts:
            raise HTTPException(421, "this server answers to " + ", ".join(sorted(self._hosts)))
        origin = headers.get("origin")
        if method not in ("GET", "HEAD") and origin and _authority(origin) != host:
            raise HTTPException(403, "other sites' pages may not send anything here")

    def _limit(self, headers: Headers) -> int:
        form = headers.get("content-type", "").lower().startswith("multipart/")
        limit = self._largest if form else OTHER_BODIES
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        return limit


class _Body:
    """A request's body, up to so many bytes and in time."""

    def __init__(self, receive: Receive, limit: int):
        self._receive, self._left, self._limit = receive, limit, limit
        self._deadline = time.monotonic() + SLOW
        self._more = True

    async def __call__(self) -> Message:
        if not self._more:  # what comes now is the end of the connection, at any time
            return await self._receive()
        patience = min(STALLED, max(0, self._deadline - time.monotonic()))
        try:
            message = await asyncio.wait_for(self._receive(), patience)
        except asyncio.TimeoutError:
            raise HTTPException(408, "the request did not come in time") from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _too_large(self._limit)
        self._more = message.get("more_body", False)
        return message


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"more than the {limit / 2**20:.0f} megabytes that may be sent")


def _authority(origin: str) -> str | None:
    """The name and port in an Origin header."""
    with suppress(ValueError):
        return urlsplit(origin).netloc


def _hostname(host: str) -> str | None:
    """The name in a Host header, without the port."""
    match = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::\d*)?", host.lower())
    return match and (match[1] or match[2])
