from __future__ import annotations

from licstats.managers.base import Manager


class LMX(Manager):
    name = "lmx"
    title = "LMX"
    tool = "lmxendutil"

    def check_address(self, address: str) -> str:
        return address

    def command(self, query: str, tool: str, address: str) -> list[str]:
        return [tool]

    def read(self, outputs, at, zone, memo=None):
        raise AssertionError
