"""LM-X: the reader of `lmxendutil -licstat`, and closing by the configured removal switch."""

from __future__ import annotations

from licstats.managers.lmx.manager import LMX

__all__ = ["LMX"]
