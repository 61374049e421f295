"""Why a plan is as it is, what differs, and what to change where there is none."""

from __future__ import annotations
