"""What to change where no plan keeps every rule, and what differs: each claim solved before."""

from __future__ import annotations
