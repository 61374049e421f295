"""Expectations: what a plan must be like to be accepted, stated in a file.

Nothing here moves a plan. An expectation is read before solving, so that a typing error costs
nothing, joined with case and policy like a limit, and compared with the plan that came out.
"""

from __future__ import annotations

from optimizer.plan.expectations.comparing import check_expectations, compare_expected
from optimizer.plan.expectations.formatting import as_document, in_words
from optimizer.plan.expectations.joining import Joined, join_expectations
from optimizer.plan.expectations.models import Expectations, expectations_schema, load_expectations

__all__ = [
    "Expectations",
    "Joined",
    "as_document",
    "check_expectations",
    "compare_expected",
    "expectations_schema",
    "in_words",
    "join_expectations",
    "load_expectations",
]
