"""FlexNet: readers of `lmstat`, and closing by `lmremove`."""

from __future__ import annotations

from licstats.managers.flexnet.manager import FlexNet

__all__ = ["FlexNet"]
