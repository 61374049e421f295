"""What every command refuses before it reads its options: one given twice, and empty values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand

_Function = TypeVar("_Function", bound=Callable[..., Any])


class GivenOnce(TyperCommand):
    """A command that takes each option once, unless its help says that it may be repeated."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse what would be lost without a word, then read the words of a command line."""
        # Shells ask for the words that may come next behind those that are there by now.
        if args and not ctx.resilient_parsing:
            values, _, order = self.make_parser(ctx).parse_args(args=list(args))
            options = [each for each in order if each.param_type_name == "option"]
            for option, count in Counter(options).items():
                if count > 1 and not option.multiple and not option.is_eager:
                    raise typer.BadParameter(
                        f"is given {'twice' if count == 2 else f'{count} times'}; it may be given "
                        "once",
                        param_hint=" / ".join([*option.opts, *option.secondary_opts]),
                    )
            for each in dict.fromkeys(order):
                value = values.get(each.name)
                if "" in (value if isinstance(value, list | tuple) else [value]):
                    is_option = each.param_type_name == "option"
                    hint = each.opts[0] if is_option else str(each.metavar or each.name)
                    raise typer.BadParameter("is empty", param_hint=hint)
        return super().parse_args(ctx, args)


class Program(typer.Typer):
    """An application whose commands all are so."""

    def command(self, *args: Any, **settings: Any) -> Callable[[_Function], _Function]:
        """Register a command."""
        return super().command(*args, **{"cls": GivenOnce, **settings})
