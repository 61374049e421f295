"""A question held by the solver, then changed in place: its numbers, its limits, what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from optimizer.case.changes import CellChange, cell_changes, change_case
from optimizer.formulation.adding import limit_part
from optimizer.formulation.limits import named_limit_rows
from optimizer.formulation.numbers import rule_numbers, rule_terms
from optimizer.frames.memory import Steps
from optimizer.instance.scoring import GivenScores
from optimizer.io.changes import made_after, require_changes
from optimizer.persistent import CannotPatchError, LoadedModel
from optimizer.plan.keeping import Keep
from optimizer.plan.nearness import Near
from optimizer.plan.question import Question, asked, require_case, require_known_bests
from optimizer.plan.scales import Scales, changed_scales
from optimizer.policy.loading import changed_policy, policy_with_limit, tables_of
from optimizer.schema.addresses import cells_and_keys
from optimizer.session.adding import with_last_limit
from optimizer.session.dropping import require_droppable, rows_of_rules
from optimizer.session.held import Held
from optimizer.session.loading import built, load
from optimizer.session.moving import PLAIN
from optimizer.session.nearness import near_in_question, price_change_in
from optimizer.session.own_bests import limit_with_bests
from optimizer.session.renewing import Renewal, instance_renewed, instance_scored
from optimizer.session.sameness import is_known
from optimizer.solver import Patch


class Holding(Held):
    """A question in the solver, and all that is asked of it beside.

    Whoever asks several things of one question holds it: :class:`optimizer.Session` lets
    everybody do so, and :func:`optimizer.solve` asks one thing.

    Attributes
    ----------
    rebuilt
        Number of changes that needed another model.
    rebuilt_because
        Why the last change did; blank where it did not.
    """

    rebuilt: int = 0
    rebuilt_because: str = ""

    def anew(self) -> Holding:
        """The question as it is now in a solver of its own, with nothing changed, scales kept.

        Its first relaxation begins at the optimum that this one knows, if there is one.
        """
        new = Holding(
            self.question.as_it_is,
            extend=self.extend,
            scales=self.frozen(),
            cache=False,
            dropped=self.dropped,
            like=self,
            given=self.given,
        )
        new.loaded.begin_like(self.loaded)
        return new

    def score(self, given: GivenScores) -> None:
        """Count countries by these scores from now on; by their indicators where none are given.

        Scales stay, and so does what every group of a limit could have by itself.
        """
        scales = self.frozen()
        renewal = instance_scored(self.loaded.instance, given, self._memory)
        self._take_over(self.question, scales, renewal)

    def change(self, changes: Mapping[str, object]) -> None:
        """Change numbers of the policy or of the case; nothing if any of them is refused."""
        require_changes(changes)
        before, frozen = self.question, self.frozen()
        cells, keys = cells_and_keys(changes)
        policy = before.policy
        if keys:
            policy = changed_policy(policy, keys, tables_of(before.base, before.added))
        case, done = change_case(before.case, cells, before.base_case, self._memory)
        require_case(policy, case)
        require_known_bests(before.base, before.added, policy)
        scales = replace(frozen, of=frozen.of | changed_scales(before.policy, policy))
        made = made_after(before.changes, changes)
        question = replace(before, policy=policy, case=case, changes=made)
        self._become(question, scales, done)

    def change_to(self, changes: Mapping[str, object]) -> None:
        """Let these changes be the only ones: all else is as it was before any change."""
        require_changes(changes)
        self.frozen()
        before, (policy, scales) = self.question, self._begun
        assert scales is not None, "scales are frozen"
        question = asked(
            before.base,
            before.base_case,
            changes,
            before.added,
            before.keep,
            near=before.near,
            memory=self._memory,
        )
        scales = replace(scales, of=scales.of | changed_scales(policy, question.policy))
        asked_of = (cells_and_keys(each)[0] for each in (before.changes, changes))
        cells = [cell for each in asked_of for cell in cell_changes(before.base_case, each)]
        self._become(question, scales, cells)

    def _become(self, question: Question, scales: Scales, cells: Iterable[CellChange]) -> None:
        """Hold another question, in the loaded model if it can be changed into its."""
        moved = [(cell.table, cell.column) for cell in cells]
        before = self.loaded.instance
        renewal = instance_renewed(before, question.case, question.policy, moved, self._memory)
        self._take_over(question, scales, renewal)

    def _take_over(self, question: Question, scales: Scales, renewal: Renewal) -> None:
        """Hold a question with the instance that was joined for it."""
        # Whatever may be refused comes before anything is taken over.
        try:
            patch = self._patch_for(renewal)
        except CannotPatchError as error:
            self._rebuild(question, scales, renewal.instance.scores.given)
            self.rebuilt_because = str(error)
            return
        with self._or_as_before():
            self.question, self.scales = question, scales
            self.loaded.instance = renewal.instance
            self.loaded.take(patch)
            if (renewal.moved or frozenset()) - PLAIN:
                self.loaded.set_costs(scales.of)
        self.rebuilt_because = ""

    def _patch_for(self, renewal: Renewal) -> Patch:
        """The loaded numbers that have moved."""
        moved, instance = renewal.moved, renewal.instance
        if moved is None:
            raise CannotPatchError(renewal.why)
        # A function that adds custom rules may read any number, so it is called again.
        if self.extend is not None:
            raise CannotPatchError("custom rules may follow from any number")
        loaded, patch = self.loaded, Patch()
        before = loaded.instance
        loaded.patcher.require_known()
        if "terms" in moved:
            step = Steps(self._memory)
            known = rule_terms(before, step)
            for rule, terms in rule_terms(instance, step).items():
                if not terms.same_as(known[rule]):
                    loaded.patcher.terms(patch, rule, terms)
            loaded.patcher.numbers(patch, rule_numbers(instance))
        elif moved & PLAIN:
            loaded.patcher.numbers(patch, rule_numbers(instance, moved & PLAIN))
        pairs = zip(before.limits, instance.limits, strict=True)
        limits = [new for old, new in pairs if new is not old]
        if limits:
            loaded.patcher.limits(patch, named_limit_rows(limits))
        return patch

    def add_limit(self, limit: Mapping[str, object]) -> None:
        """Add a limit to the policy, and its rows to the loaded model."""
        scales = self.frozen()
        limit = limit_with_bests(self.question, limit, self._memory)
        policy = policy_with_limit(self.question.policy, limit)
        added = (*self.question.added, dict(limit))
        question = replace(self.question, policy=policy, added=added)
        # A function that adds custom rules may read any limit, so it is called again; and so is
        # whatever it is not known of what it reads.
        is_patchable = is_known() and self.loaded.patcher.is_known
        # What of an earlier plan stands again may have to be counted slot by slot now.
        if self.extend is not None or question.near is not None or not is_patchable:
            self._rebuild(question, scales)
            return
        before = self.loaded.instance
        instance = with_last_limit(before, policy)
        if any(limit.spread is not None for limit in instance.limits[len(before.limits) :]):
            self._rebuild(question, scales)
            return
        with self._or_as_before():
            self.question, self.loaded.instance = question, instance
            for joined in instance.limits[len(before.limits) :]:
                self.loaded.grow(instance, limit_part(self.loaded.model, instance, joined))
                self.loaded.set_costs(scales.of)
            self.loaded.drop(rows_of_rules(self.loaded, self.dropped))
            # Blocks may be planned slot by slot now, which margins alone did not hold.
            self._hold_kept(self.loaded, question)

    def _rebuild(
        self, question: Question, scales: Scales, given: GivenScores | None = None
    ) -> None:
        """Load another model, with the same scores of countries if no others are given."""
        self.loaded = self._fresh(question, scales, self.given if given is None else given)
        self.question, self.scales = question, scales
        self.rebuilt += 1

    def _fresh(self, question: Question, scales: Scales, given: GivenScores) -> LoadedModel:
        """A model of its own, where what is dropped limits nothing either."""
        loaded = load(*built(question, self.extend, scales.of, self._memory, given), self.log)
        loaded.set_costs(scales.of)
        loaded.drop(rows_of_rules(loaded, self.dropped))
        self._hold_kept(loaded, question)
        price_change_in(loaded, question)
        return loaded

    def keep(self, keeps: Sequence[Keep]) -> None:
        """Have the loaded model grant these slots of earlier plans from now on, and no others.

        Raises
        ------
        PolicyError, InfeasibleError
            If the case does not know them, or does not allow them.
        """
        # Before it is bounded: ideals are those without what is kept.
        scales = self.frozen()
        question = replace(self.question, keep=tuple(keeps))
        self._kept_in(self.loaded.instance, question)
        if question.near is not None:
            # What is kept as it is has no price.
            self._rebuild(question, scales)
            return
        with self._or_as_before():
            self.question, self.scales = question, scales
            self.loaded.let_go()
            self._hold_kept(self.loaded, question)

    def near(self, near: Near | None) -> None:
        """Let every slot moved away from this plan cost points from now on; none without one.

        Raises
        ------
        PolicyError
            If the case does not know what it is chosen by.
        """
        scales = self.frozen()
        question = replace(self.question, near=near)
        near_in_question(self.loaded.instance, question)
        self._rebuild(question, scales)
        self.rebuilt_because = "change has another price"

    @contextmanager
    def _or_as_before(self) -> Iterator[None]:
        """Load the model of before where a change of the loaded one ends half-way."""
        question, scales, dropped = self.question, self.frozen(), self.dropped
        given = self.given
        try:
            yield
        except BaseException:
            self.question, self.scales, self.dropped = question, scales, dropped
            self.loaded = self._fresh(question, scales, given)
            raise

    def drop(self, name: str) -> None:
        """Let a limit or a whole rule limit nothing until it is restored."""
        require_droppable(self.loaded.instance, name)
        # Dropped rows would move the ideals, on which scales depend.
        self.frozen()
        if name not in self.dropped:
            with self._or_as_before():
                self.dropped = (*self.dropped, name)
                self.loaded.drop(rows_of_rules(self.loaded, [name]))

    def restore(self, name: str) -> None:
        """Let what was dropped hold again; what was not dropped stays as it is."""
        if name not in self.dropped:
            require_droppable(self.loaded.instance, name)
            return
        with self._or_as_before():
            self.dropped = tuple(each for each in self.dropped if each != name)
            others = set(rows_of_rules(self.loaded, self.dropped))
            rows = rows_of_rules(self.loaded, [name])
            self.loaded.restore([row for row in rows if row not in others])
