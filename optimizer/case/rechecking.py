"""Checks of a case whose tables were changed after they were read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from optimizer.case.checked import CaseTables
from optimizer.case.consistency import CONSISTENCY_CHECKS, check_consistency
from optimizer.case.coverage import check_coverage
from optimizer.case.header import CaseHeader
from optimizer.case.loading import Case
from optimizer.case.references import check_references
from optimizer.errors import InputError, Problems
from optimizer.frames.memory import Memory, Steps
from optimizer.io.tables import TableRead


def require_consistent(case: Case, memory: Memory | None = None) -> None:
    """Refuse figures that contradict each other, as reading them would.

    Parameters
    ----------
    memory
        Of checks that found nothing wrong: they are not made again on the same tables.

    Raises
    ------
    InputError
        With everything that contradicts something else.
    """
    problems = Problems()
    header, step = _header(case), Steps(memory, problems)
    for place, check in enumerate(CONSISTENCY_CHECKS):
        step(_checked, check, header, case.tables, problems, name=place)
    case.retold(problems).raise_if_any(InputError)


def require_whole(case: Case) -> None:
    """Refuse whatever reading would: keys that lead nowhere, gaps and contradictions.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    problems = Problems()
    tables = CaseTables(_header(case), _AsRead(case.tables), problems)
    check_references(tables)
    check_consistency(tables)
    check_coverage(tables)
    case.retold(problems).raise_if_any(InputError)


def _checked(
    check: Callable[[CaseTables], None],
    header: CaseHeader,
    frames: Mapping[str, pd.DataFrame],
    problems: Problems,
) -> None:
    check(CaseTables(header, _AsRead(frames), problems))


class _AsRead(Mapping[str, TableRead]):
    """Tables as if just read; of the frames only those are looked at that somebody asks for."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self._frames = frames

    def __getitem__(self, name: str) -> TableRead:
        frame = self._frames[name]
        return TableRead(frame, is_there=len(frame) > 0, sound=True)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)


def _header(case: Case) -> CaseHeader:
    return CaseHeader.model_validate(
        {
            "schema": 1,
            "title": case.title,
            "currency": case.currency,
            "years": case.years,
            "country_codes": case.country_codes,
            "licence": case.licence,
            "movement": case.movement,
        }
    )
