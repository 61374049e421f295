"""The page served on this machine until Ctrl-C: its address is printed as one line."""

from __future__ import annotations

import secrets
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from optimizer.app.desk import Desk
from optimizer.app.guard import HOST, TOKEN_KEY, Application
from optimizer.app.server import application
from optimizer.errors import ModelWarning, Problems, TargetError, not_installed
from optimizer.io import interrupts

if TYPE_CHECKING:
    import uvicorn

LONGEST_GOODBYE = 1
"""Seconds that open pages are given when the server ends."""


def serve(desk: Desk, *, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page of a desk until Ctrl-C.

    Parameters
    ----------
    port
        Port to listen on; 0 for any that is free.
    ready
        Called with the address of the page, with its token, once it answers.

    Raises
    ------
    OptimizerError
        If the extra ``app`` is not installed.
    TargetError
        If the port is taken.
    """
    listener = _listener(port)
    token = secrets.token_urlsafe(24)
    port = listener.getsockname()[1]
    with listener, _quietly():
        server = server_of(application(desk, token, port))
        desk.start()
        try:
            with interrupts.listening(lambda: _end(server)):
                ready(f"http://{HOST}:{port}/?{TOKEN_KEY}={token}")
                server.run(sockets=[listener])
        finally:
            desk.stop()


def server_of(guarded: Application) -> uvicorn.Server:
    """Make a server that leaves signals to the command and writes no log: addresses hold a token.

    Raises
    ------
    OptimizerError
        If the extra ``app`` is not installed.
    """
    try:
        import uvicorn
    except ImportError:
        raise not_installed("the page", "uvicorn", "app") from None

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        guarded,
        log_config=None,
        access_log=False,
        log_level="critical",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=LONGEST_GOODBYE,
    )
    return Server(config)


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True


def _listener(port: int) -> socket.socket:
    """A socket on this machine alone."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        # A browser that is opened right away waits until it is answered.
        listener.listen()
    except OSError as error:
        listener.close()
        problems = Problems()
        message = f"cannot be listened on: {error.strerror or error}"
        problems.add(f"port {port}", message, expected="a free port, or 0 for any")
        raise TargetError(problems) from None
    return listener


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep warnings about policy and case to the page, which shows them beside each plan."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        yield
