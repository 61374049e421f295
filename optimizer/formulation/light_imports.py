"""Pyomo without an import of its own that nothing here uses; loaded before the rest of it.

As soon as anybody imports scipy, Pyomo imports ``scipy.stats`` as well, and at once where scipy is
there already: a third of the time that a command takes to start.
"""

from __future__ import annotations

import importlib
import sys


def _import_without_statistics() -> None:
    # Pyomo defers what `sys.modules` does not hold yet.
    scipy = sys.modules.pop("scipy", None)
    try:
        dependencies = importlib.import_module("pyomo.common.dependencies")
    finally:
        if scipy is not None:
            sys.modules["scipy"] = scipy
    dependencies.DeferredImportCallbackFinder._callbacks.pop("scipy", None)


_import_without_statistics()
