"""Zip archives nobody vouches for: unpacked within limits, or refused.

What the directory of an archive says of its parts is not believed: each is unpacked to its end in
small pieces, which are counted.
"""

from __future__ import annotations

import copy
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping

MOST_UNPACKED = 512 * 2**20
"""Bytes of all parts together, unpacked."""

HIGHEST_RATIO = 200
"""Bytes unpacked per byte packed; sheets of figures stay below about 40."""

RATIO_COUNTS_FROM = 8 * 2**20
"""Unpacked bytes of a part from which the ratio is looked at."""

_PIECE = 2**16
"""Bytes unpacked at a time."""

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
IS_ENCRYPTED = 0x1
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Time that every part is given, so that the same files make the same archive."""


class ArchiveError(Exception):
    """An archive that is refused, with what was expected if that needs saying."""

    def __init__(self, message: str, expected: str | None = None) -> None:
        super().__init__(message)
        self.expected = expected


def archive_in(content: bytes, kind: str, *, most: int) -> zipfile.ZipFile:
    """Open an archive whose directory promises nothing that would be refused.

    Parameters
    ----------
    kind
        What the archive should be, with its article.
    most
        Number of parts it may have.

    Raises
    ------
    ArchiveError
        If it is none, damaged, too large or packed in a way that is not read.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        if content.startswith(b"PK"):
            raise ArchiveError("is damaged: its end is missing or cannot be read") from error
        raise ArchiveError(f"is not {kind}") from error
    if len(parts) > most:
        raise ArchiveError(f"has {len(parts):,} parts", f"at most {most:,} parts")
    if len({info.filename.casefold() for info in parts}) < len(parts):
        raise ArchiveError("is damaged: two parts have the same name")
    total = 0
    for info in parts:
        if info.flag_bits & IS_ENCRYPTED or info.compress_type not in METHODS:
            raise ArchiveError(f"is packed in a way that is not read (part {info.filename})")
        total += info.file_size
        _check_size(info, info.file_size, total)
    return archive


def pieces_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, before: int = 0) -> Iterator[bytes]:
    """Unpack one part in pieces.

    Parameters
    ----------
    before
        Bytes that were unpacked of other parts.

    Raises
    ------
    ArchiveError
        If it is damaged, or larger than it says or than is allowed.
    """
    unbounded = copy.copy(info)
    unbounded.file_size = MOST_UNPACKED + _PIECE
    count = 0
    try:
        with archive.open(unbounded) as stream:
            while piece := stream.read(_PIECE):
                count += len(piece)
                _check_size(info, count, before + count)
                yield piece
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        OSError,
        NotImplementedError,
    ) as error:
        message = f"is damaged: part {info.filename} cannot be unpacked"
        raise ArchiveError(message) from error
    if count != info.file_size:
        raise ArchiveError(f"is damaged: part {info.filename} is not as large as it says")


def _check_size(info: zipfile.ZipInfo, count: int, total: int) -> None:
    if total > MOST_UNPACKED:
        expected = f"at most {MOST_UNPACKED:,} bytes"
        raise ArchiveError(f"unpacks to more than {MOST_UNPACKED:,} bytes", expected)
    if count > RATIO_COUNTS_FROM and count > HIGHEST_RATIO * info.compress_size:
        message = f"unpacks part {info.filename} to more than {HIGHEST_RATIO} times its size"
        raise ArchiveError(message)


def unpacked(content: bytes, kind: str, *, most: int) -> dict[str, bytes]:
    """Give the files of an archive by name.

    Parameters
    ----------
    kind, most
        As in :func:`archive_in`.

    Raises
    ------
    ArchiveError
        As there, and if a part is in a folder.
    """
    archive = archive_in(content, kind, most=most)
    found: dict[str, bytes] = {}
    total = 0
    for info in archive.infolist():
        if "/" in info.filename or "\\" in info.filename:
            raise ArchiveError(f"holds a folder ({info.filename})", "files without folders")
        found[info.filename] = b"".join(pieces_of(archive, info, total))
        total += len(found[info.filename])
    return found


def packed(files: Mapping[str, bytes]) -> bytes:
    """Pack files, in order of their names, so that the same files make the same archive.

    Examples
    --------
    >>> unpacked(packed({"b.csv": b"1", "a.csv": b"2"}), "an archive", most=2)
    {'a.csv': b'2', 'b.csv': b'1'}
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EARLIEST)
            archive.writestr(info, files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    return made.getvalue()
