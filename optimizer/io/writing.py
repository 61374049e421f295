"""New files and folders, where nothing is yet that could be lost."""

from __future__ import annotations

import io
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from optimizer.io import interrupts
from optimizer.io.targets import write_errors_told


def write_text(path: Path, text: str) -> None:
    """Write a new file of text, as UTF-8 and with its line ends as they are."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, anew if need be."""
    with path.open("wb") as file:
        file.write(content)


def read_text(path: Path) -> str:
    """Read a file of text that was just written."""
    return path.read_text(encoding="utf-8")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that is gone in the end, however the end comes."""
    with write_errors_told(Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp())
        with interrupts.cleaned(lambda: shutil.rmtree(folder, ignore_errors=True)):
            yield folder


def book_bytes(book: Any, fill: Callable[[], None], *, compression: int) -> bytes:
    """Fill a workbook of openpyxl and give its bytes.

    Its sheets are files in the system's folder for such until it is saved. Where that is full, all
    that was begun is dropped: each sheet left open would be reported as a fault of the program.
    """
    from openpyxl.writer.excel import ExcelWriter

    content = io.BytesIO()
    try:
        fill()
        with ZipFile(content, "w", compression) as archive:
            ExcelWriter(book, archive).save()
    except BaseException:
        for sheet in book.worksheets:
            _drop(sheet)
        raise
    return content.getvalue()


def _drop(sheet: Any) -> None:
    writer = sheet._writer
    for writing in (sheet._rows, writer and writer.xf):
        with suppress(Exception):
            writing.close()
    with suppress(Exception):
        writer.cleanup()


def spare_path(name: str) -> Path:
    """A path that nothing has, in the system's folder for what is temporary."""
    folder = f"talent-optimizer-{secrets.token_hex(6)}"
    return Path(tempfile.gettempdir()) / folder / name


def add_to_log(path: Path, text: str) -> None:
    """Write at the end of a log, if that can be done: a log is no reason to lose a plan."""
    with suppress(OSError), path.open("ab") as file:
        file.write(text.encode())


def new_folder(path: Path) -> None:
    """Make a folder; the one it is made in may have been cleared away since it was begun."""
    path.mkdir(parents=True, exist_ok=True)
