"""What is looked at while something is asked of the relaxation: limits and clashes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from optimizer.explain.asking import NONE_KEEPS_RULES, Answer, Asking
from optimizer.explain.bringing_in import ENTERING, BringingIn
from optimizer.explain.entering_numbers import CAP, entering_numbers
from optimizer.explain.forbidding import RULED_OUT, forbidding_facts
from optimizer.explain.marginal_tables import frame
from optimizer.explain.moved import binding_by_address
from optimizer.explain.reaching import Binding, attributed_in, binding_on, slots_in
from optimizer.explain.wanting import AT_LEAST, Wanted
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import Conflicts
from optimizer.session.clashing import clash_found
from optimizer.solver import Watch
from optimizer.text.figures import NOBODY


@dataclass
class Looking:
    """Looks at the relaxation with what was asked, while the limit that asks for it still holds.

    Attributes
    ----------
    is_of_nothing
        Whether slots are asked for of which the relaxation has none.
    names_clash
        Whether rules that clash with it are looked for.
    why
        Rules that clash with it.
    numbers, binding
        Numbers that limit that relaxation, and those of them that limit the slots.
    conflicts
        The first conflict of slots of which there are none.
    facts
        Facts that rule them out.
    """

    is_of_nothing: bool
    names_clash: bool = True
    why: str = ""
    numbers: dict[str, dict[str, str]] = field(default_factory=dict)
    binding: list[Binding] = field(default_factory=list)
    conflicts: Conflicts | None = None
    facts: pd.DataFrame = field(default_factory=lambda: frame([], RULED_OUT))

    def look(self, asking: Asking, watch: Watch, meant: Wanted, answer: Answer) -> None:
        """See what limits it, or what clashes with it."""
        loaded = asking.held.loaded
        if answer.status == NONE_KEEPS_RULES:
            self._name_clash(loaded, watch)
        elif answer.is_known:
            self.numbers = binding_by_address(asking)
            if self.is_of_nothing:
                self.binding = binding_on(
                    loaded,
                    asking.last,
                    loaded.lp.prices(),
                    meant,
                    attributed_in(loaded, asking.last, meant),
                )

    def _name_clash(self, loaded: LoadedModel, watch: Watch) -> None:
        """One conflict: further ones, among whole people, take far longer on large cases."""
        if not self.names_clash:
            return
        found, error = clash_found(loaded, watch.for_last_steps(), most=1)
        self.why = str(error)
        if self.is_of_nothing:
            self.conflicts = found

    def entry(
        self, asking: Asking, watch: Watch, meant: Wanted, answer: Answer, most: int
    ) -> pd.DataFrame:
        """What would bring in slots of which there are none, and the facts that rule them out."""
        if not self.is_of_nothing:
            return frame([], ENTERING)
        instance = asking.held.loaded.instance
        self.facts = forbidding_facts(instance, meant)
        can_be = answer.is_known and asking.difference(answer) != 0.0
        if asking.held.extend is not None or not (can_be or self.conflicts):
            return frame([], ENTERING)
        kinds = entering_numbers(instance, meant, self.binding, self.conflicts)
        if not answer.is_known:
            # No score and no cost lets in what rules forbid.
            kinds = [kind for kind in kinds if any(each.kind == CAP for each in kind)]
        return BringingIn(asking, watch, meant, answer).of(kinds, most)


def is_of_nothing(asking: Asking, meant: Wanted) -> bool:
    """Whether slots are asked for of which the relaxation has none."""
    if not meant.is_of_slots or meant.sense != AT_LEAST or not meant.number:
        return False
    there = slots_in(asking.held.loaded, asking.solution, meant)
    return float(there["slots"].sum()) <= NOBODY
