"""Tables of TOML files as strict records, and pydantic's complaints about them in our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from optimizer.errors import LONGEST_SHOWN, Problem, Problems, did_you_mean
from optimizer.io.guesses import NUMBER, meant_number
from optimizer.io.toml import Address, dotted, has_part, shown
from optimizer.schema.expected import expected_at, is_valid_at
from optimizer.schema.fields import known_keys, types_at
from optimizer.schema.tables import LARGEST_NUMBER
from optimizer.text.characters import oddity

Clash = tuple[str, str, str | None]
"""Key of a table, what is wrong with it beside the other keys, and what was expected."""


def _only_whole(value: object) -> object:
    # True and 1.0 are equal to 1, but nobody means them.
    if type(value) is not int:
        raise PydanticCustomError("literal_error", "not an integer", {"expected": "1"})
    return value


def _of_one_line(text: str) -> str:
    odd = oddity(text)
    if odd is not None:
        raise PydanticCustomError("odd_text", "{fault}", {"fault": odd.message})
    return text


Version = Annotated[Literal[1], BeforeValidator(_only_whole)]
"""The version of a file's form."""

Line = Annotated[str, AfterValidator(_of_one_line)]
"""Text that is printed beside others, without characters that cannot be seen."""


class StrictTable(BaseModel):
    """A table of a TOML file: no unknown keys, no silent conversions, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _of_usual_size(cls, value: object) -> object:
        if _is_too_large(value):
            expected = f"a number from -{LARGEST_NUMBER:g} to {LARGEST_NUMBER:g}"
            raise PydanticCustomError("too_large", "too large a number", {"expected": expected})
        return value

    @staticmethod
    def complain(*clashes: Clash) -> PydanticCustomError:
        """Make the error for keys that clash with others of the same table."""
        return PydanticCustomError("clash", "keys clash", {"clashes": clashes})


def _is_too_large(value: object) -> bool:
    """Whether a number, or one of a list, is beyond what cells of a case may hold as well."""
    if isinstance(value, tuple):
        return any(map(_is_too_large, value))
    return isinstance(value, int | float) and abs(value) > LARGEST_NUMBER


def add_complaints(
    error: ValidationError,
    model: type[BaseModel],
    data: Mapping[str, Any],
    problems: Problems,
    file_of: Callable[[Address], str],
) -> None:
    """Add every complaint of pydantic to the problems, at the address of the value."""
    found: dict[tuple[Address, str], Problem] = {}
    complaints = _complaints(error, model, data)
    short = {address[:-1] for details, address in complaints if details["type"] != "clash"}
    for details, address in complaints:
        if details["type"] == "clash":
            for key, message, expected in details["ctx"]["clashes"]:
                where = (*address, *key.split("."))
                # What was taken out as faulty is no reason to miss it.
                if where not in short:
                    found[where, message] = Problem(
                        file_of(where), message, None, dotted(where, data), expected
                    )
        else:
            # Of what the members of a union say about one value the last is kept.
            found[address, ""] = _problem(details, address, model, data, file_of(address))
    above = {address[:end] for address, _ in found for end in range(len(address))}
    for (address, _), problem in found.items():
        # A list whose entries are faulty has entries.
        if problem.message != _EMPTY or address not in above:
            problems.extend([problem])


def _at(data: Any, address: Address) -> Any:
    for part in address:
        data = data[part]
    return data


def _complaints(
    error: ValidationError, model: type[BaseModel], data: Mapping[str, Any]
) -> list[tuple[ErrorDetails, Address]]:
    """Complaints with their addresses, and clashes of tables that hold a fault deeper down.

    Pydantic does not ask whether the keys of a table clash while one of its values is faulty. So
    it is asked once more without the values that lie below a table's own keys.
    """
    found = [(each, _address(each, data)) for each in error.errors(include_url=False)]
    faulty = [address for each, address in found if each["type"] != "clash"]
    tables = {address[:-1] for address in faulty}
    rest: Any = data
    for address in faulty:
        rest = _without(rest, address)
    try:
        model.model_validate(rest)
    except ValidationError as again:
        later = [(each, _address(each, rest)) for each in again.errors(include_url=False)]
        found += [pair for pair in later if pair[0]["type"] == "clash" and pair[1] not in tables]
    return found


def _without(data: Any, address: Address) -> Any:
    """The same data without one key; entries of lists stay, so that the others keep their place."""
    if not address or not has_part(data, address[0]):
        return data
    first, rest = address[0], address[1:]
    if isinstance(data, tuple):
        place = int(first)
        return (*data[:place], _without(data[place], rest), *data[place + 1 :])
    kept = {key: value for key, value in data.items() if key != first}
    return {**data, first: _without(data[first], rest)} if rest else kept


def _address(details: ErrorDetails, data: Mapping[str, Any]) -> Address:
    """Strip from pydantic's location what is not in the file, such as tags of unions."""
    address: list[str | int] = []
    current: Any = data
    location = details["loc"]
    for place, part in enumerate(location):
        is_last = place == len(location) - 1
        if has_part(current, part):
            current = current[part]
        elif not (is_last and details["type"] == "missing"):
            continue
        address.append(part)
    return tuple(address)


_TYPES = {
    "float_type": "a number",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "finite_number": "a finite number",
}

_EMPTY = "is empty"

_FAULTS = {
    "too_short": _EMPTY,
    "string_too_short": _EMPTY,
    "too_long": "{} has too many entries",
    "too_large": "{} is too large a number",
    "too_small": "{} is too small a number",
    "union_tag_invalid": "{} is not allowed here",
    "string_pattern_mismatch": "{} is not allowed",
}

_OUT_OF_RANGE = {
    "greater_than_equal": ("below", "ge", "of at least"),
    "greater_than": ("not above", "gt", "above"),
    "less_than_equal": ("above", "le", "of at most"),
    "less_than": ("not below", "lt", "below"),
}


def _problem(
    details: ErrorDetails,
    address: Address,
    model: type[BaseModel],
    data: Mapping[str, Any],
    file: str,
) -> Problem:
    kind, value = details["type"], details["input"]
    maybe: str | None = None
    if kind == "missing":
        message, expected = _about_missing(address, model)
    elif kind == "extra_forbidden":
        known = sorted(known_keys(types_at(model, address[:-1])))
        message, expected = "is not a known key", f"one of {', '.join(known)}"
        maybe = did_you_mean(
            str(address[-1]), [key for key in known if key not in _at(data, address[:-1])]
        )
    elif kind == "literal_error":
        message, expected = f"{shown(value)} is not allowed", details["ctx"]["expected"]
        expected = {"True": "true", "False": "false"}.get(expected, expected)
        if isinstance(value, str):
            maybe = did_you_mean(value, re.findall(r"'([^']*)'", expected))
    elif kind == "odd_text":
        found = oddity(str(value))
        message = f"{shown(value)} {details['msg']}"
        expected = found.expected if found else "another text"
        maybe = found.maybe if found else None
    elif kind in _OUT_OF_RANGE:
        words, key, wanted = _OUT_OF_RANGE[kind]
        bound = details["ctx"][key]
        message, expected = f"{shown(value)} is {words} {bound:g}", f"a value {wanted} {bound:g}"
    else:
        faults = {**_FAULTS, **{name: f"{{}} is not {word}" for name, word in _TYPES.items()}}
        message = faults.get(kind, details["msg"]).format(shown(value))
        expected = details.get("ctx", {}).get("expected") or expected_at(model, address)
        number = _unquoted(value, model, address)
        maybe = number or _unworded(value, model, address)
        if number is not None and kind in _TYPES:
            message = f"{shown(value)} is text, not {_TYPES[kind]}"
    return Problem(file, message, None, dotted(address, data) or None, expected, maybe)


def _about_missing(address: Address, model: type[BaseModel]) -> tuple[str, str]:
    if isinstance(address[-1], int):
        return "has too few entries", expected_at(model, address[:-1])
    return "is missing", expected_at(model, address)


_LONGEST = 40
"""Characters of a number that somebody may have meant; Python reads no endless ones."""


def _unquoted(value: object, model: type[BaseModel], address: Address) -> str | None:
    """The number in quotation marks, where one would do that is not text."""
    if not isinstance(value, str):
        return None
    number = value if NUMBER.fullmatch(value) else meant_number(value)
    if number is None or len(number) > _LONGEST or NUMBER.fullmatch(number) is None:
        return None
    meant = (int(number), float(number)) if number.lstrip("+-").isdigit() else (float(number),)
    return number if any(is_valid_at(model, address, one) for one in meant) else None


def _unworded(value: object, model: type[BaseModel], address: Address) -> str | None:
    """The list, or true or false, that a text says where one would do that is not text."""
    if not isinstance(value, str) or len(value) > LONGEST_SHOWN:
        return None
    flag = did_you_mean(value, ("true", "false"))
    if flag is not None and is_valid_at(model, address, flag == "true"):
        return flag
    if not {",", "["} & set(value):
        return None
    parts = [part.strip().strip("\"'") for part in value.strip(" []").split(",")]
    numbers = tuple(float(part) if NUMBER.fullmatch(part) else part for part in parts)
    whole = tuple(int(part) if part.isdecimal() else part for part in parts)
    told = next((each for each in (whole, numbers) if is_valid_at(model, address, each)), None)
    return None if told is None or not all(parts) else shown(told)
