"""A planner's desk in this process, served on a free port, for the tests of the page."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.app.desk import Desk
from optimizer.app.guard import HOST
from optimizer.app.opening import desk_of
from optimizer.app.server import application
from optimizer.app.serving import server_of
from shared import ROOT

TINY = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
TOKEN = "a-token-of-the-tests"
LONGEST = 20.0
CLASH = """schema = 1
title = "Clash"
extends = "tiny.toml"
[goals.bridges]
scale = "ideal"
[[limits]]
name = "x"
measure = "slots"
at_least = 22
"""
"""A policy under which no plan keeps every rule, so that there are no scales either."""


def own_tiny(folder: Path, text: str | None = None) -> Path:
    """The tiny policy in a folder of its own; with a text, a policy of this text beside it."""
    policy = folder / "tiny.toml"
    policy.write_bytes(TINY[0].read_bytes())
    if text is not None:
        policy = folder / "policy.toml"
        policy.write_text(text, encoding="utf-8")
    return policy


@dataclass(frozen=True)
class Served:
    """A desk and where it is served."""

    desk: Desk
    port: int

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/?token={TOKEN}"

    def ask(
        self,
        path: str,
        said: object = None,
        *,
        method: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str]:
        """Status and text of an answer; with what is said it is a wish, with the token."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=LONGEST)
        given = {"X-Token": TOKEN} if headers is None else headers
        body = None if said is None else json.dumps(said)
        try:
            connection.request(method or ("GET" if said is None else "POST"), path, body, given)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wish(self, name: str, **said: object) -> tuple[int, Any]:
        status, text = self.ask(f"/api/{name}", said)
        return status, json.loads(text)

    def until(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The state, as soon as something is so."""
        return until(self.desk, is_so)


def until(desk: Desk, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        facts = desk.board.facts()
        if is_so(facts):
            return facts
        time.sleep(0.01)
    raise AssertionError(f"not within {LONGEST} s: {desk.board.facts()}")


def is_planned(facts: dict[str, Any]) -> bool:
    return bool(facts["phase"] == "plan" and facts["is_current"])


@contextmanager
def served(desk: Desk | None = None) -> Iterator[Served]:
    """Serve a desk, that of the tiny case without one, until the end of a block."""
    desk = desk_of(*TINY) if desk is None else desk
    listener = socket.socket()
    listener.bind((HOST, 0))
    port = listener.getsockname()[1]
    server = server_of(application(desk, TOKEN, port))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    desk.start()
    try:
        yield Served(desk, port)
    finally:
        server.should_exit = True
        thread.join(LONGEST)
        desk.stop()
        listener.close()
