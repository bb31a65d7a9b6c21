"""Reports of lmstat to read, in the forms of the field, with invented names."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from licstats.managers.base import STATUS, Memo, Output
from licstats.managers.flexnet import FlexNet
from licstats.managers.reading import FeatureReading, ProblemKind, Reading

ZONE = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)  # 11:00 in Warsaw, a Wednesday
HEAD = """\
lmutil - Copyright (c) 1989-2024 Flexera. All Rights Reserved.
Flexible License Manager status on Wed 3/18/2026 11:00

[Detecting lmgrd processes...]
License server status: 27000@lic1
    License file(s) on lic1: C:\\flex lm\\site a.dat:

lic1: license server UP (MASTER) v11.19.5

Vendor daemon status (on lic1):

     toold: UP v11.19.5
Feature usage info:

"""
CHECKOUT = re.compile(r"\([^()\s]*\) \([^()\s]+/[^()]+\), start ")


def heading(name: str, issued: int, in_use: int) -> str:
    def licenses(n: int) -> str:
        return f"{n} license{'' if n == 1 else 's'}"

    return f"Users of {name}:  (Total of {licenses(issued)} issued;  Total of {licenses(in_use)} in use)\n\n"


def block(name: str, version: str = "1.0", expiry: str = "31-dec-2026", kind: str = "floating license") -> str:
    return f'  "{name}" v{version}, vendor: toold, expiry: {expiry}\n  vendor_string: SITE:7\n  {kind}\n\n'


def checkout(identity: str, handle: int = 101, start: str = "Wed 3/18 9:05", tail: str = "") -> str:
    return f"    {identity} (v1.0) (lic1/27000 {handle}), start {start}{tail}\n"


def read(text: str, *, at: datetime = NOW, zone: ZoneInfo = ZONE, catalogue: str = "", memo: Memo | None = None,
         exit_status: int | None = 0) -> Reading:  # fmt: skip
    outputs = {STATUS: Output(text, exit_status, at=at)}
    if catalogue:
        outputs["catalogue"] = Output(catalogue, at=at)
    return FlexNet().read(outputs, at, zone, memo)


def feature(text: str) -> FeatureReading:
    """The only feature of a report of the usual head and `text`."""
    [only] = read(HEAD + text + "\n").features
    return only


def lines_not_understood(reading: Reading) -> list[int | None]:
    return [
        problem.line
        for problem in reading.problems
        if problem.kind is ProblemKind.LINE or (problem.kind is ProblemKind.CUT and "was not read" in problem.message)
    ]


def unaccounted(text: str, reading: Reading) -> list[str]:
    """Checkout lines of `text`, found by a plain pattern, that are neither sessions nor among the problems."""
    told = set(lines_not_understood(reading))
    numbered = text.split("\n")
    for problem in reading.problems:
        if problem.kind is ProblemKind.LINE and problem.text:
            assert problem.line
            assert problem.text == numbered[problem.line - 1][:1_000]
    lines = [
        line for number, line in enumerate(text.split("\n"), start=1) if CHECKOUT.search(line) and number not in told
    ]
    for session in (session for feature in reading.features for session in feature.sessions):
        found = next((line for line in lines if f" {session.handle})" in line and session.raw.strip() in line), None)
        assert found, f"a session out of nothing: {session}"
        lines.remove(found)
    return lines
