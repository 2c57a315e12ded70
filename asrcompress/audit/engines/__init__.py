"""Engines, one file each: `execute(plan, request, progress)` makes every missing piece."""
