"""The page over HTTP: its parts, the stream of what happens, and what may be asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from optimizer.app.board import Board
from optimizer.app.desk import Desk
from optimizer.app.guard import Application, Guard
from optimizer.errors import OptimizerError, not_installed
from optimizer.report.page import environment, style
from optimizer.runs import finite

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

STILL_HERE = 15.0
"""Seconds of silence after which the stream says that it is still there."""
PAGE_PARTS = {
    "page.js": "text/javascript",
    "levers.js": "text/javascript",
    "tables.js": "text/javascript",
    "page.css": "text/css",
}

FILE_KINDS = {
    "plan.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "report.html": "text/html",
}


def application(desk: Desk, token: str, port: int) -> Application:
    """Make the application of a desk, guarded.

    Raises
    ------
    OptimizerError
        If the extra ``app`` is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.routing import Route
    except ImportError:
        raise not_installed("the page", "starlette", "app") from None

    async def page(request: Request) -> Response:
        return _response(_part("page.html").replace("{{token}}", token), "text/html")

    async def part(request: Request) -> Response:
        name = request.path_params["name"]
        if name == "report.css":
            return _response(style(), "text/css")
        if name not in PAGE_PARTS:
            return _response("there is nothing here", "text/plain", 404)
        return _response(_part(name).replace("{{token}}", token), PAGE_PARTS[name])

    async def section(request: Request) -> Response:
        name = request.path_params["name"]
        return _json(await asyncio.to_thread(desk.plans.section, name))

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            content = await asyncio.to_thread(desk.file, name)
        except OptimizerError as error:
            return _json({"refused": str(error)}, 409)
        return _response(content, FILE_KINDS[name])

    async def events(request: Request) -> Response:
        from starlette.responses import StreamingResponse

        return StreamingResponse(_stream(desk.board), media_type="text/event-stream")

    routes = [
        Route("/", page),
        Route("/events", events),
        Route("/parts/{name}", part),
        Route("/api/section/{name}", section),
        Route("/api/file/{name}", file),
        *(Route(f"/api/{name}", _told(told)) for name, told in _readings(desk).items()),
        *(
            Route(f"/api/{name}", _asked(done), methods=["POST"])
            for name, done in _wishes(desk).items()
        ),
    ]
    return Guard(Starlette(routes=routes), token, port)


def _readings(desk: Desk) -> dict[str, Callable[[], Any]]:
    """What can be read."""
    return {
        "state": desk.board.facts,
        "levers": desk.levers,
        "plan": desk.plans.document,
        "scenarios": desk.scenarios,
    }


def _wishes(desk: Desk) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
    """What can be asked for, given what a request says."""
    return {
        "move": lambda said: desk.put(_changes(said), rests=said.get("rests") is not False),
        "type": lambda said: desk.type(_text(said, "text")),
        "demand": lambda said: desk.demand(_texts(said, "more"), _texts(said, "fewer")),
        "undo": lambda said: desk.undo(),
        "redo": lambda said: desk.redo(),
        "reset": lambda said: desk.reset(),
        "pin": lambda said: desk.plans.pin(),
        "unpin": lambda said: desk.plans.unpin(),
        "keep": lambda said: desk.keep_years(_years(said)),
        "ask": lambda said: desk.ask(_text(said, "kind"), _text({"text": "", **said}, "text")),
        "apply": lambda said: desk.apply(_whole(said, "number")),
        "save": lambda said: desk.save(_text(said, "name")),
        "load": lambda said: desk.load(_text(said, "name")),
        "export": lambda said: desk.export(_text(said, "name"), public=said.get("public") is True),
    }


def _changes(said: Mapping[str, Any]) -> dict[str, Any]:
    changes = said.get("changes")
    if not isinstance(changes, dict) or not changes:
        raise ValueError("changes: expected values by address")
    return changes


def _years(said: Mapping[str, Any]) -> list[int]:
    years = said.get("years")
    if not isinstance(years, list) or not all(type(year) is int for year in years):
        raise ValueError("years: expected a list of years")
    return years


def _whole(said: Mapping[str, Any], key: str) -> int:
    number = said.get(key)
    if type(number) is not int:
        raise ValueError(f"{key}: expected a whole number")
    return number


def _text(said: Mapping[str, Any], key: str) -> str:
    text = said.get(key)
    if not isinstance(text, str):
        raise ValueError(f"{key}: expected text")
    return text


def _texts(said: Mapping[str, Any], key: str) -> list[str]:
    texts = said.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{key}: expected a list of texts")
    return texts


_Endpoint = Callable[["Request"], Awaitable["Response"]]


def _told(read: Callable[[], Any]) -> _Endpoint:
    """Give what is read, worked out beside so that the stream goes on."""

    async def endpoint(request: Request) -> Response:
        return _json(await asyncio.to_thread(read))

    return endpoint


def _asked(wish: Callable[[Mapping[str, Any]], Any]) -> _Endpoint:
    """Do what a request asks for; what is refused is said in words."""

    async def endpoint(request: Request) -> Response:
        try:
            said = json.loads(await request.body() or b"{}")
            if not isinstance(said, dict):
                raise ValueError("expected a JSON object")
            done = await asyncio.to_thread(wish, said)
        except OptimizerError as error:
            return _json({"refused": str(error)}, 409)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            return _json({"refused": str(error)}, 400)
        return _json({"done": done})

    return endpoint


async def _stream(board: Board) -> AsyncIterator[str]:
    """Give the newest state whenever something changes, as server-sent events."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        # A page that is being closed may be gone already.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(changed.set)

    board.listen(wake)
    try:
        while True:
            changed.clear()
            yield f"data: {_text_of(board.facts())}\n\n"
            try:
                await asyncio.wait_for(changed.wait(), STILL_HERE)
            except TimeoutError:
                yield ": still here\n\n"
    finally:
        board.leave(wake)


def _text_of(content: Any) -> str:
    # Half a character, which somebody may type, has no bytes of its own.
    return json.dumps(finite(content))


def _json(content: Any, status: int = 200) -> Response:
    return _response(_text_of(content), "application/json", status)


def _response(content: str | bytes, kind: str, status: int = 200) -> Response:
    from starlette.responses import Response

    return Response(content, status, media_type=kind)


@cache
def _part(name: str) -> str:
    """A file of the page."""
    import jinja2

    return jinja2.PackageLoader("optimizer.app", "static").get_source(environment(), name)[0]
