"""A question held by the solver: joined, built and loaded once, with its scales."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from optimizer.errors import NoPlanError
from optimizer.formulation.custom import Extend
from optimizer.frames.grouping import once
from optimizer.frames.memory import Memory
from optimizer.instance import Instance
from optimizer.instance.scoring import NO_SCORES, GivenScores
from optimizer.persistent import LoadedModel
from optimizer.plan.anyway import all_warnings
from optimizer.plan.keeping import KeptSlots, kept_slots
from optimizer.plan.question import Question
from optimizer.plan.scales import Scales
from optimizer.policy import Policy
from optimizer.schema.addresses import is_cell, names_of
from optimizer.session.clashing import not_allowed
from optimizer.session.dropping import require_droppable, rows_of_rules
from optimizer.session.ideals import Ideals
from optimizer.session.loading import built, load
from optimizer.session.nearness import price_change_in
from optimizer.session.own_bests import with_own_bests
from optimizer.solver import Watch


class Held:
    """A question in the solver: its model, its scales, what is kept and what need not hold.

    Parameters
    ----------
    extend
        Function that adds custom rules.
    scales
        Where they are given; otherwise they are worked out when they are first needed.
    cache
        Whether ideals that were kept are used, and new ones kept.
    log
        File for the solver's own log.
    watch
        Clock to which joining, building and loading are counted.
    dropped
        Limits and rules that need not hold from the start; scales are given then, or worked out.
    like
        Another, most of whose parts are the same: they are not joined again, and where all are its
        model is neither built nor compiled again.
    given
        Scores of countries by goal that stand in place of those of its indicators.

    Attributes
    ----------
    loaded
        The model.
    dropped
        Limits and rules that need not hold.
    """

    def __init__(
        self,
        question: Question,
        *,
        extend: Extend | None = None,
        scales: Scales | None = None,
        cache: bool = True,
        log: Path | None = None,
        watch: Watch | None = None,
        dropped: Iterable[str] = (),
        like: Held | None = None,
        given: GivenScores = NO_SCORES,
    ) -> None:
        watch = watch or Watch()
        self._memory: Memory = Memory() if like is None else like._memory.copied()
        question = with_own_bests(question, watch, self._memory)
        self.question, self.extend, self.log = question, extend, log
        self.scales = scales
        self._begun: tuple[Policy, Scales | None] = question.policy, scales
        self._cache = cache
        self._odd: tuple[Instance, tuple[str, ...]] | None = None
        self.loaded: LoadedModel
        if like is not None and like._has_model_of(question, extend, given):
            watch.count("load")
            self.loaded = like.loaded.copied(log)
        else:
            watch.count("build")
            instance, model = built(
                question, extend, None if scales is None else scales.of, self._memory, given
            )
            watch.count("load")
            self.loaded = load(instance, model, log)
        if scales is not None:
            self.loaded.set_costs(scales.of)
        self._hold_kept(self.loaded, question)
        price_change_in(self.loaded, question)
        self.dropped: tuple[str, ...] = ()
        if names := tuple(dict.fromkeys(dropped)):
            self._drop_all(names)

    def _drop_all(self, names: tuple[str, ...]) -> None:
        """Let limits and rules limit nothing from the start."""
        for name in names:
            require_droppable(self.loaded.instance, name)
        # Dropped rows would move the ideals, on which scales depend.
        self.frozen()
        self.loaded.drop(rows_of_rules(self.loaded, names))
        self.dropped = names

    def _has_model_of(self, question: Question, extend: Extend | None, given: GivenScores) -> bool:
        """Whether the loaded model, with nothing dropped or held, is that of another question."""
        mine = self.question
        return (
            question.policy is mine.policy
            and question.case is mine.case
            and question.keep is mine.keep
            and question.near is mine.near is None
            and extend is self.extend is None
            and (given is self.given or not (given or self.given))
        )

    @property
    def is_changed(self) -> bool:
        """Whether anything is asked beside policy and case."""
        question = self.question
        return bool(
            question.changes
            or question.added
            or question.keep
            or question.near is not None
            or self.dropped
        )

    @property
    def odd(self) -> tuple[str, ...]:
        """Warnings about case and policy, in words."""
        instance = self.loaded.instance
        if self._odd is None or self._odd[0] is not instance:
            self._odd = instance, once(_odd_in, instance)
        return self._odd[1]

    @cached_property
    def ideals(self) -> Ideals:
        """Ideals of the question as it is now."""
        return Ideals(self.question, self._ideal_model, cache=self._cache)

    def _ideal_model(self) -> LoadedModel:
        """The model whose ideals count: that of the base policy on the base case."""
        question = self.question
        plain = self.extend is None and not (question.added or question.keep or question.near)
        if plain and all(map(_leaves_rules, question.changes)):
            return self.loaded
        return load(*built(question.unchanged))

    def scaled(self, watch: Watch) -> Scales:
        """Scales, worked out and loaded when they are first needed.

        Raises
        ------
        NoPlanError
            If the watch stopped it. The next call begins anew.
        """
        if self.scales is None:
            self.take_scales(self.ideals.scales(watch))
        assert self.scales is not None, "scales were taken"
        return self.scales

    def take_scales(self, scales: Scales) -> None:
        """Count goals by these scales from now on."""
        self.loaded.set_costs(scales.of)
        self.scales = scales
        self._begun = self._begun[0], scales

    def frozen(self) -> Scales:
        """Scales, worked out before whatever comes next."""
        watch = Watch()
        with watch.listening():
            try:
                return self.scaled(watch)
            except NoPlanError:
                # Without a time limit only Ctrl-C stops it.
                raise KeyboardInterrupt from None

    @property
    def given(self) -> GivenScores:
        """Scores that do not come from indicators."""
        return self.loaded.instance.scores.given

    @property
    def kept(self) -> KeptSlots:
        """What is kept of earlier plans."""
        return self._kept_in(self.loaded.instance, self.question)

    def _hold_kept(self, loaded: LoadedModel, question: Question) -> None:
        if question.keep:
            loaded.hold(self._kept_in(loaded.instance, question).bounds)

    def _kept_in(self, instance: Instance, question: Question) -> KeptSlots:
        kept, impossible = kept_slots(instance, question.keep)
        if len(impossible):
            raise not_allowed(impossible)
        return kept


def _odd_in(instance: Instance) -> tuple[str, ...]:
    return tuple(all_warnings(instance))


def _leaves_rules(address: str) -> bool:
    """Whether a change there leaves the hard rules as they are."""
    names = None if is_cell(address) else names_of(address)
    match names or ():
        case ("solver", _) | ("goals", _, "weight" | "scale"):
            return True
    return False
