"""A model in the solver, by name: compiled once, loaded, changed in place and solved again."""

from __future__ import annotations

from optimizer.persistent.loaded import LoadedModel
from optimizer.persistent.patching import CannotPatchError

__all__ = ["CannotPatchError", "LoadedModel"]
