"""Characters that no name needs: some cannot be seen, some look like others, some break a line.

Two names that differ only in such characters look the same to everyone but the computer.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_CONTROL_SIGNS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"
"""Characters for machines, as the inside of a class of a regular expression."""

UNSEEN = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
)
"""Characters without a picture. The joiners U+200C and U+200D are left out: some scripts need them
inside of words."""

BREAKS = r"\t\n\r\u2028\u2029"
LOST = "\N{REPLACEMENT CHARACTER}"
"""Replacement that programs write for an unreadable character."""

_PLAIN = re.compile(r"[ -~]*")
"""Text that cannot have a fault of this kind."""

_CONTROL = re.compile(f"[{_CONTROL_SIGNS}]")
_UNSEEN = re.compile(f"[{UNSEEN}]")
_BREAKS = re.compile(f"[{BREAKS}]")
_JOINERS = re.compile("[\u200c\u200d]")


class Oddity(NamedTuple):
    """A fault of a text: its description, what was expected, and what was probably meant."""

    message: str
    expected: str
    maybe: str | None = None


def oddity(text: str) -> Oddity | None:
    r"""Give the fault of a name, or None.

    Examples
    --------
    >>> oddity("lab\u200b").message
    'has characters that cannot be seen (U+200B)'
    >>> oddity("lab\u200b").maybe
    'lab'
    >>> oddity("Tōhoku") is None
    True
    """
    if _PLAIN.fullmatch(text):
        return None
    looks = (_machine_signs, _breaks, _unseen, _lost, _apart)
    return next((odd for look in looks if (odd := look(text)) is not None), None)


def _machine_signs(text: str) -> Oddity | None:
    if _CONTROL.search(text):
        return Oddity("has control characters", "text without control characters")
    return None


def _breaks(text: str) -> Oddity | None:
    if _BREAKS.search(text):
        what = "a tab" if "\t" in text else "a line break"
        return Oddity(f"has {what}", "text on one line", " ".join(text.split()))
    return None


def _unseen(text: str) -> Oddity | None:
    unseen = _UNSEEN.findall(text)
    if not unseen:
        return None
    codes = ", ".join(f"U+{ord(sign):04X}" for sign in dict.fromkeys(unseen))
    message = f"has characters that cannot be seen ({codes})"
    return Oddity(message, "text without them", visible(text).strip() or None)


def _lost(text: str) -> Oddity | None:
    if LOST in text:
        expected = "the text as it was before it was saved in another encoding"
        return Oddity("has lost characters (U+FFFD)", expected)
    return None


def _apart(text: str) -> Oddity | None:
    if unicodedata.is_normalized("NFC", text):
        return None
    message = "has accents apart from their letters (it is not in Unicode's form NFC)"
    return Oddity(message, "a letter and its accent as one", unicodedata.normalize("NFC", text))


def visible(text: str) -> str:
    r"""Leave out what cannot be seen.

    Examples
    --------
    >>> visible("\ufeffKOR")
    'KOR'
    """
    return _UNSEEN.sub("", text)


def folded(text: str) -> str:
    r"""Give what two texts that look much the same have in common.

    Examples
    --------
    >>> folded("\uff2b\uff2f\uff32"), folded("Ko\u0304chi") == folded("k\u014dchi")
    ('kor', True)
    """
    if text.isascii():
        return text.casefold()
    return _JOINERS.sub("", visible(unicodedata.normalize("NFKC", text))).casefold()
