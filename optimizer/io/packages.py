"""Opens .xlsx files nobody vouches for: what could hang, fill memory or hide is refused first.

A workbook is a zip archive of XML parts. Before anything else parses it, every part is unpacked
once in small pieces, counted, and its XML read by a parser that refuses declarations of entities.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from optimizer.errors import Problems
from optimizer.io.archives import ArchiveError, archive_in, pieces_of
from optimizer.io.paths import NotReadError, TooLargeError, content_of

LARGEST_WORKBOOK = 100 * 2**20
"""Bytes of a workbook's file."""

MOST_PARTS = 2_000
"""Sheets, styles, comments and pictures are parts; a plain case has about forty."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of encrypted workbooks and those of before 2007."""

WORKBOOK_PART = "xl/workbook.xml"
BINARY_WORKBOOK_PART = "xl/workbook.bin"
AN_XLSX = "an .xlsx workbook saved by a spreadsheet program"


Handlers = tuple[
    Callable[[str, dict[str, str]], None],
    Callable[[str], None],
    Callable[[str], None],
]
"""Callback for each start tag and its attributes, each end tag, and text."""


@dataclass(frozen=True)
class Package:
    """A workbook's file and the directory of its parts."""

    content: bytes
    archive: zipfile.ZipFile

    def parse(self, part: str, handlers: Handlers) -> None:
        """Read the XML of one part.

        Raises
        ------
        ArchiveError
            If the part is missing, damaged or declares entities.
        """
        try:
            info = self.archive.getinfo(part)
        except KeyError:
            raise ArchiveError(f"lacks its part {part}") from None
        parser = _parser(part, handlers)
        _feed(parser, part, pieces_of(self.archive, info))

    def check(self) -> None:
        """Unpack every part once, within the limits."""
        total = 0
        for info in self.archive.infolist():
            if info.is_dir():
                continue
            is_xml = info.filename.lower().endswith((".xml", ".rels"))
            parser = _parser(info.filename, None) if is_xml else None
            for piece in pieces_of(self.archive, info, total):
                total += len(piece)
                if parser is not None:
                    _feed_piece(parser, info.filename, piece, final=False)
            if parser is not None:
                _feed_piece(parser, info.filename, b"", final=True)


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
    except ArchiveError as error:
        problems.add(path.name, str(error), expected=error.expected or AN_XLSX)
        return None
    return package


def _archive(content: bytes) -> zipfile.ZipFile:
    if content.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise ArchiveError("is protected by a password", "a workbook saved without a password")
        raise ArchiveError("is a workbook in the format of before 2007")
    archive = archive_in(content, "a workbook", most=MOST_PARTS)
    names = archive.namelist()
    if BINARY_WORKBOOK_PART in names:
        raise ArchiveError("is a binary workbook (.xlsb)")
    if WORKBOOK_PART not in names:
        raise ArchiveError("is a zip archive, but not a workbook")
    return archive


def _parser(part: str, handlers: Handlers | None) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ArchiveError(f"declares entities in its part {part}")

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
        raise ArchiveError(f"is damaged: part {part} is not valid XML") from error
