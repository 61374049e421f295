"""``python -m optimizer``: the same as the command ``optimizer``."""

from __future__ import annotations

import sys

from optimizer.io import interrupts


def main() -> int:
    """Run the command line, and listen to interrupts before anything large is loaded."""
    interrupts.take_process()
    from optimizer.cli import main as run

    code = run()
    interrupts.ignore()
    return code


if __name__ == "__main__":
    sys.exit(main())
