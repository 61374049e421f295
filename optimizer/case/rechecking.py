"""Checks of a case whose tables were changed after they were read."""

from __future__ import annotations

from optimizer.case.checked import CaseTables
from optimizer.case.consistency import check_consistency
from optimizer.case.coverage import check_coverage
from optimizer.case.header import CaseHeader
from optimizer.case.loading import Case
from optimizer.case.references import check_references
from optimizer.errors import InputError, Problems
from optimizer.io.tables import TableRead


def require_consistent(case: Case) -> None:
    """Refuse figures that contradict each other, as reading them would.

    Raises
    ------
    InputError
        With everything that contradicts something else.
    """
    problems = Problems()
    check_consistency(_under_check(case, problems))
    case.retold(problems).raise_if_any(InputError)


def require_whole(case: Case) -> None:
    """Refuse whatever reading would: keys that lead nowhere, gaps and contradictions.

    Raises
    ------
    InputError
        With everything that is wrong.
    """
    problems = Problems()
    tables = _under_check(case, problems)
    check_references(tables)
    check_consistency(tables)
    check_coverage(tables)
    case.retold(problems).raise_if_any(InputError)


def _under_check(case: Case, problems: Problems) -> CaseTables:
    header = CaseHeader.model_validate(
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
    reads = {
        name: TableRead(frame, is_there=len(frame) > 0, sound=True)
        for name, frame in case.tables.items()
    }
    return CaseTables(header, reads, problems)
