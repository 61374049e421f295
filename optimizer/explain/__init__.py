"""What to change where no plan keeps every rule: repairs, each solved before it is offered."""

from __future__ import annotations
