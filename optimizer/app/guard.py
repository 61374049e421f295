"""Who may ask: pages that this process has served to a browser on this machine, and nobody else.

The address is that of this machine alone, but any web page that is open in the same browser can
send requests there, and a name of its own can be made to lead there. So every request must be
addressed to this machine by its number or as localhost, and must hold the token that only the
printed address says.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qs

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

HOST = "127.0.0.1"
_PLAIN_PORT = 80
TOKEN_HEADER, TOKEN_KEY = "x-token", "token"
MOST_ASKED = 1_000_000
"""Bytes of a request: what a page sends is a few hundred."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Lets through what may ask, and refuses all else in a word.

    Parameters
    ----------
    inside
        The application that is guarded.
    token
        What every request must hold: as a header, or where a browser sends none of the page's own
        (the page, its parts and the stream of events) as ``token`` in the address.
    port
        The port that requests must be addressed to.
    """

    def __init__(self, inside: Application, token: str, port: int) -> None:
        self._inside, self._token = inside, token
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        if port == _PLAIN_PORT:
            # Browsers leave out the port that an address without one means.
            self._hosts |= {HOST, "localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._inside(scope, receive, send)
            return
        refusal = self._refusal(scope) if scope["type"] == "http" else (403, "only HTTP")
        if refusal is not None:
            await _refuse(send, *refusal)
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        await self._inside(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and word of a request that is refused."""
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        named = dict(headers)
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 421, "wrong host"
        origin = named.get(b"origin")
        if origin is not None and origin.removeprefix("http://").lower() not in self._hosts:
            return 403, "wrong origin"
        if not self._holds_token(scope, named.get(TOKEN_HEADER.encode())):
            return 403, "token missing or wrong"
        if int(named.get(b"content-length") or 0) > MOST_ASKED:
            return 413, "too long"
        return None

    def _holds_token(self, scope: Scope, header: str | None) -> bool:
        if scope["method"] == "GET" and header is None:
            told = parse_qs(scope["query_string"].decode("latin-1")).get(TOKEN_KEY, [""])
            header = told[0] if len(told) == 1 else ""
        given = (header or "").encode("utf-8", "replace")
        return secrets.compare_digest(given, self._token.encode())


async def _refuse(send: Send, status: int, word: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": word.encode()})
