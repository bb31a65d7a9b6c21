"""Outputs of lmstat, put together for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

Features = Mapping[str, tuple[int, Sequence[str]]]  # name: (licenses issued, ["user handle", ...])


def lmstat(at: datetime, features: Features) -> str:
    """A complete report of the moment `at`, in the server's own time; sessions began an hour before it."""
    begun = at - timedelta(hours=1)
    start = f"{begun:%a} {begun.month}/{begun.day} {begun.hour}:{begun:%M}"
    parts = [
        "lmutil - Copyright (c) 1989-2023 Flexera. All Rights Reserved.",
        f"Flexible License Manager status on {at:%a} {at.month}/{at.day}/{at.year} {at:%H:%M}",
        "",
        "License server status: 27000@lic1",
        "    License file(s) on lic1: /opt/flexlm/license.dat:",
        "",
        "lic1: license server UP (MASTER) v11.19.5",
        "",
        "Vendor daemon status (on lic1):",
        "",
        "     vendord: UP v11.19.5",
        "Feature usage info:",
        "",
    ]
    for name, (issued, sessions) in features.items():
        parts += [heading(name, issued, len(sessions)), ""]
        if sessions:
            parts += [
                f'  "{name}" v1.0, vendor: vendord, expiry: permanent(no expiration date)',
                "  floating license",
                "",
            ]
            parts += [checkout(*session.split(), start=start) for session in sessions]
            parts += [""]
    return "\n".join(parts) + "\n"


def heading(name: str, issued: int, used: int) -> str:
    plural = [f"{count} license{'' if count == 1 else 's'}" for count in (issued, used)]
    return f"Users of {name}:  (Total of {plural[0]} issued;  Total of {plural[1]} in use)"


def checkout(user: str, handle: str, start: str) -> str:
    return f"    {user} ws-{user} :0.0 (v1.0) (lic1/27000 {handle}), start {start}"
