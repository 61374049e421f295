"""Arguments of the public API are checked before anything is done with them.

A function there is decorated with :func:`typed`: arguments are held against the annotations of
their parameters, so that swapped arguments, numbers in place of paths and the like end in words,
all of them at once, and not somewhere inside. Numbers and mappings, and what stands at a path, are
left to the function, which knows more of them.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import ParamSpec, TypeVar

from optimizer.errors import OptimizerError, shorten

_P = ParamSpec("_P")
_R = TypeVar("_R")

_WORDS = {
    "str": "text",
    "Path": "a path",
    "bool": "True or False",
    "Extend": "a function of model and instance",
    "Sequence": "a list",
    "int": "a whole number",
    "Callable": "a function of the progress",
    "ReadPlan": "a plan that was read",
    "FramesGiven": "data frames by table",
    "TablesGiven": "tables by key",
    "YearsGiven": "a list",
}
"""Name of a kind; records of this package have their own."""
TAKES = {"Extend": 2, "Callable": 1}
"""Arguments that functions are called with."""
SIMPLE: dict[str, Callable[[object], bool]] = {
    "None": lambda value: value is None,
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "Path": lambda value: isinstance(value, os.PathLike) and isinstance(os.fspath(value), str),
    "Sequence": lambda value: isinstance(value, Sequence) and not isinstance(value, str | bytes),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "FramesGiven": lambda value: isinstance(value, Mapping),
    "TablesGiven": lambda value: isinstance(value, Mapping),
    "YearsGiven": lambda value: SIMPLE["Sequence"](value) or _is_array(value),
}
"""Kinds that are no records and no functions."""
_OTHERS = frozenset({"float", "object", "Any", "Mapping", "Iterable", "tuple", "ScalesGiven"})
"""Kinds that are left to the function."""


def typed(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Have the arguments of a function checked against its annotations.

    Raises
    ------
    OptimizerError
        From the function, with every argument that is of another kind.

    Examples
    --------
    >>> @typed
    ... def size(path: str | Path) -> int:
    ...     return 0
    >>> size(5)
    Traceback (most recent call last):
    optimizer.errors.OptimizerError: size: path is 5, not a path
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        given = signature.bind(*args, **kwargs).arguments
        found = [
            fault
            for name, value in given.items()
            for fault in _faults_of(signature.parameters[name], value)
        ]
        if found:
            place = function.__qualname__.removesuffix(".__init__")
            raise OptimizerError("\n".join(f"{place}: {fault}" for fault in found))
        return function(*args, **kwargs)

    return checked


def kinds_of(annotation: object) -> list[str]:
    """Alternatives of an annotation, without what they hold.

    Examples
    --------
    >>> kinds_of("Mapping[str, str | Path] | None")
    ['Mapping', 'None']
    """
    if annotation is inspect.Parameter.empty:
        return []
    text, depth = "", 0
    for letter in str(annotation):
        depth += (letter == "[") - (letter == "]")
        text += letter if depth == 0 and letter != "]" else ""
    return text.split(" | ")


def _faults_of(parameter: inspect.Parameter, value: object) -> Iterator[str]:
    """Faults of what a parameter was given, of each argument where there may be any number."""
    if parameter.kind is not inspect.Parameter.VAR_POSITIONAL:
        yield from _faults(parameter.name, value, parameter.annotation)
        return
    assert isinstance(value, tuple), "Python gathers them in a tuple"
    for number, item in enumerate(value, start=1):
        yield from _faults(f"{parameter.name} {number}", item, parameter.annotation)


def _faults(name: str, value: object, annotation: object) -> Iterator[str]:
    """Fault of an argument, in words."""
    kinds = kinds_of(annotation)
    if not kinds or _OTHERS & set(kinds):
        return
    if not any(_is_of(value, kind) for kind in kinds):
        words = dict.fromkeys(_in_words(kind, kinds) for kind in kinds if kind != "None")
        yield f"{name} is {_told(value)}, not {' or '.join(words)}"
    elif "Sequence" in kinds and isinstance(value, Sequence) and not isinstance(value, str):
        inner = str(annotation).partition("[")[2].rpartition("]")[0]
        for number, item in enumerate(value, start=1):
            yield from _faults(f"{name} {number}", item, inner)


def _is_of(value: object, kind: str) -> bool:
    """Whether a value is of a kind; records are known by the name of their class."""
    if kind in SIMPLE:
        return SIMPLE[kind](value)
    if kind in TAKES:
        return callable(value) and _takes(value, TAKES[kind])
    return any(base.__name__ == kind for base in type(value).__mro__)


def _is_array(value: object) -> bool:
    """Whether a value is an array, or a column or an index of a frame."""
    kinds = {base.__name__ for base in type(value).__mro__}
    return bool(kinds & {"ndarray", "Series", "Index", "ExtensionArray"}) and (
        getattr(value, "ndim", 1) == 1
    )


def _takes(function: Callable[..., object], count: int) -> bool:
    """Whether a function can be called with so many arguments, as far as its signature shows."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _in_words(kind: str, kinds: list[str]) -> str:
    if kind == "str" and "Path" in kinds:
        return _WORDS["Path"]
    return _WORDS.get(kind, f"a {kind}")


def _told(value: object) -> str:
    """A value in a few words."""
    plain = value is None or isinstance(value, str | bytes | os.PathLike | Real)
    if plain:
        return shorten(ascii(value) if isinstance(value, str) else str(_brief(value)))
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, list | tuple) and not value:
        return "an empty list"
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"


def _brief(value: object) -> object:
    """Python refuses to write very large whole numbers in full."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 1000:
        return "a number of hundreds of digits"
    return value
