"""Opens .xlsx files nobody vouches for: what could hang, fill memory or hide is refused first.

A workbook is a zip archive of XML parts. Before anything else parses it, every part is unpacked
once in small pieces, counted, and its XML read by a parser that refuses declarations of entities.
"""

from __future__ import annotations

import copy
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from optimizer.errors import Problems
from optimizer.io.paths import NotReadError, TooLargeError, content_of

LARGEST_WORKBOOK = 100 * 2**20
"""Bytes of a workbook's file."""

MOST_UNPACKED = 512 * 2**20
"""Bytes of all parts together, unpacked."""

MOST_PARTS = 2_000
"""Sheets, styles, comments and pictures are parts; a plain case has about forty."""

HIGHEST_RATIO = 200
"""Bytes unpacked per byte packed; sheets of figures stay below about 40."""

RATIO_COUNTS_FROM = 8 * 2**20
"""Unpacked bytes of a part from which the ratio is looked at."""

PIECE = 2**16
"""Bytes unpacked at a time."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How encrypted workbooks and those of before 2007 begin."""

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
IS_ENCRYPTED = 0x1
WORKBOOK_PART = "xl/workbook.xml"
BINARY_WORKBOOK_PART = "xl/workbook.bin"
AN_XLSX = "an .xlsx workbook saved by a spreadsheet program"


class PackageError(Exception):
    """A workbook that is refused; never leaves this folder."""

    def __init__(self, message: str, expected: str = AN_XLSX) -> None:
        super().__init__(message)
        self.expected = expected


Handlers = tuple[
    Callable[[str, dict[str, str]], None],
    Callable[[str], None],
    Callable[[str], None],
]
"""What is called with each start tag and its attributes, each end tag, and text."""


@dataclass(frozen=True)
class Package:
    """A workbook's file and the directory of its parts."""

    content: bytes
    archive: zipfile.ZipFile

    def parse(self, part: str, handlers: Handlers) -> None:
        """Read the XML of one part.

        Raises
        ------
        PackageError
            If the part is missing, damaged or declares entities.
        """
        try:
            info = self.archive.getinfo(part)
        except KeyError:
            raise PackageError(f"lacks its part {part}") from None
        parser = _parser(part, handlers)
        _feed(parser, part, self._pieces(info))

    def check(self) -> None:
        """Unpack every part once, within the limits."""
        total = 0
        for info in self.archive.infolist():
            if info.is_dir():
                continue
            is_xml = info.filename.lower().endswith((".xml", ".rels"))
            parser = _parser(info.filename, None) if is_xml else None
            count = 0
            for piece in self._pieces(info):
                count += len(piece)
                total += len(piece)
                _check_size(info, count, total)
                if parser is not None:
                    _feed_piece(parser, info.filename, piece, final=False)
            if parser is not None:
                _feed_piece(parser, info.filename, b"", final=True)
            if count != info.file_size:
                raise PackageError(f"is damaged: part {info.filename} is not as large as it says")

    def _pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        # What the directory says of a part's size is not believed: it is unpacked to its end.
        unbounded = copy.copy(info)
        unbounded.file_size = MOST_UNPACKED + PIECE
        try:
            with self.archive.open(unbounded) as stream:
                while piece := stream.read(PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise PackageError(f"is damaged: part {info.filename} cannot be unpacked") from error


def open_package(path: Path, problems: Problems) -> Package | None:
    """Read a workbook's file and check that it can be parsed safely; faults become problems."""
    try:
        content = content_of(path, at_most=LARGEST_WORKBOOK, expected="an .xlsx workbook")
    except TooLargeError as error:
        problems.add(path.name, str(error), expected=f"a workbook of {error.expected}")
        return None
    except NotReadError as error:
        problems.add(path.name, str(error), expected=error.expected)
        return None
    try:
        package = Package(content, _archive(content))
        package.check()
    except PackageError as error:
        problems.add(path.name, str(error), expected=error.expected)
        return None
    return package


def _archive(content: bytes) -> zipfile.ZipFile:
    if content.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise PackageError("is protected by a password", "a workbook saved without a password")
        raise PackageError("is a workbook in the format of before 2007", AN_XLSX)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        if content.startswith(b"PK"):
            raise PackageError("is damaged: its end is missing or cannot be read") from error
        raise PackageError("is not a workbook") from error
    names = [info.filename for info in parts]
    if len(parts) > MOST_PARTS:
        raise PackageError(f"has {len(parts):,} parts", f"at most {MOST_PARTS:,} parts")
    if len({name.casefold() for name in names}) < len(names):
        raise PackageError("is damaged: two parts have the same name")
    if BINARY_WORKBOOK_PART in names:
        raise PackageError("is a binary workbook (.xlsb)")
    if WORKBOOK_PART not in names:
        raise PackageError("is a zip archive, but not a workbook")
    total = 0
    for info in parts:
        if info.flag_bits & IS_ENCRYPTED or info.compress_type not in METHODS:
            raise PackageError(f"is packed in a way that is not read (part {info.filename})")
        total += info.file_size
        _check_size(info, info.file_size, total)
    return archive


def _check_size(info: zipfile.ZipInfo, count: int, total: int) -> None:
    if total > MOST_UNPACKED:
        expected = f"at most {MOST_UNPACKED:,} bytes"
        raise PackageError(f"unpacks to more than {MOST_UNPACKED:,} bytes", expected)
    if count > RATIO_COUNTS_FROM and count > HIGHEST_RATIO * info.compress_size:
        message = f"unpacks part {info.filename} to more than {HIGHEST_RATIO} times its size"
        raise PackageError(message)


def _parser(part: str, handlers: Handlers | None) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise PackageError(f"declares entities in its part {part}")

    parser.StartDoctypeDeclHandler = refuse
    if handlers is not None:
        start, end, text = handlers

        # Some programs write every tag with a prefix.
        def start_local(tag: str, attributes: dict[str, str]) -> None:
            start(tag.rpartition(":")[2], attributes)

        def end_local(tag: str) -> None:
            end(tag.rpartition(":")[2])

        parser.StartElementHandler = start_local
        parser.EndElementHandler = end_local
        parser.CharacterDataHandler = text
    return parser


def _feed(parser: expat.XMLParserType, part: str, pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        _feed_piece(parser, part, piece, final=False)
    _feed_piece(parser, part, b"", final=True)


def _feed_piece(parser: expat.XMLParserType, part: str, piece: bytes, *, final: bool) -> None:
    try:
        parser.Parse(piece, final)
    except expat.ExpatError as error:
        raise PackageError(f"is damaged: part {part} is not valid XML") from error
