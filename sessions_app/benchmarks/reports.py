"""Reports of lmstat of any size, the same each time, with every checkout told apart by its handle."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

CHECKOUTS_OF_A_FEATURE = 500
DAYS = 40  # that the oldest checkout has been open


class Fleet:
    """What one license server would print; `change` replaces a share of the checkouts in every feature."""

    def __init__(self, sessions: int, at: datetime, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311 - wants the same each time
        self.at = at
        self.handle = 100
        count = max(1, sessions // CHECKOUTS_OF_A_FEATURE)
        self.features = [[self._checkout() for _ in range(sessions // count)] for _ in range(count)]

    def change(self, share: float) -> None:
        """At least one checkout of each feature ends and another begins."""
        for checkouts in self.features:
            for index in self.random.sample(range(len(checkouts)), max(1, round(len(checkouts) * share))):
                checkouts[index] = self._checkout()

    def report(self, at: datetime) -> str:
        parts = [
            "lmutil - Copyright (c) 1989-2023 Flexera. All Rights Reserved.",
            f"Flexible License Manager status on {at:%a} {at.month}/{at.day}/{at.year} {at:%H:%M}\n",
            "License server status: 27000@lic1",
            "    License file(s) on lic1: /opt/flexlm/license.dat:\n",
            "lic1: license server UP (MASTER) v11.19.5\n",
            "Vendor daemon status (on lic1):\n",
            "     vendord: UP v11.19.5",
            "Feature usage info:\n",
        ]
        for number, checkouts in enumerate(self.features):
            parts += self._feature(f"feature_{number:03}", checkouts)
        return "\n".join(parts) + "\n"

    def _feature(self, name: str, checkouts: list[tuple[str, int]]) -> list[str]:
        used = sum(count for _, count in checkouts)
        totals = f"Total of {used + 50} licenses issued;  Total of {used} licenses in use"
        return [
            f"Users of {name}:  ({totals})\n",
            f'  "{name}" v2026.06, vendor: vendord, expiry: 31-dec-2037',
            "  floating license\n",
            *(line for line, _ in checkouts),
            "",
        ]

    def _checkout(self) -> tuple[str, int]:
        pick = self.random
        self.handle += pick.randrange(1, 9)
        begun = self.at - timedelta(minutes=pick.randrange(60 * 24 * DAYS))
        start = f"{begun:%a} {begun.month}/{begun.day} {begun.hour}:{begun:%M}"
        count = pick.choice([1] * 8 + [2, 5, 16])
        user, host = f"user{pick.randrange(4000):04}", f"ws{pick.randrange(3000):04}.eng.example.com"
        display = pick.choice([":0.0", f"/dev/pts/{pick.randrange(90)}", "/dev/tty", host.partition(".")[0]])
        line = f"    {user} {host} {display} (v2026.0{pick.randrange(1, 7)}) (lic1/27000 {self.handle}), start {start}"
        return line + (f", {count} licenses" if count > 1 else ""), count
