"""What results have in common whose parts are solved one after the other, and can be drawn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from optimizer.errors.arguments import typed
from optimizer.result import Result
from optimizer.result.charts import drawn_by_name


class SolvedAgain(Result):
    """A result that says why it is incomplete, where it is."""

    why_incomplete: str

    @property
    def complete(self) -> bool:
        """Whether all was solved that was asked for."""
        return not self.why_incomplete


class DrawnAgain(SolvedAgain):
    """The same with charts.

    Attributes
    ----------
    called
        What has the charts, in errors: "importance has".
    """

    called: ClassVar[str]

    @property
    def charts(self) -> list[str]:
        """Names of the charts that there are."""
        return list(self._drawings)

    @typed
    def chart(self, name: str = "") -> Any:
        """Draw one of ``charts`` with Altair; the first without a name.

        Raises
        ------
        OptimizerError
            If there is no chart of that name, or the extra ``notebook`` is not installed.
        """
        return drawn_by_name(self._drawings, name, self.called)

    @property
    @abstractmethod
    def _drawings(self) -> Mapping[str, Callable[[], Any]]:
        """What draws each chart, by its name."""
