"""The license managers that licstats speaks to, by name."""

from __future__ import annotations

from licstats.managers.base import Manager
from licstats.managers.flexnet import FlexNet
from licstats.managers.lmx import LMX

MANAGERS: dict[str, Manager] = {manager.name: manager for manager in (FlexNet(), LMX())}
