"""FlexNet (FlexLM): asked by `lmutil lmstat`, closed by `lmutil lmremove`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from licstats.managers.addresses import check_ports_at_hosts
from licstats.managers.base import STATUS, CloseAnswer, Manager, Memo, Output, Query, Target
from licstats.managers.collecting import without_collecting
from licstats.managers.flexnet import closing
from licstats.managers.flexnet.catalogue import Catalogue
from licstats.managers.flexnet.features import make_features
from licstats.managers.flexnet.outcome import catalogue_alone, judged
from licstats.managers.flexnet.report import read_report
from licstats.managers.reading import ProblemKind, Reading

CATALOGUE = "catalogue"
ASK_AGAIN = timedelta(minutes=5)  # at most so often because of features that the catalogue does not list


class FlexNet(Manager):
    name = "flexnet"
    title = "FlexNet"
    tool = "lmutil"
    queries = (Query(STATUS), Query(CATALOGUE, every=timedelta(hours=1), optional=True))
    can_close = True
    told_time = re.compile(r"^Flexible License Manager status on [^\r\n]*", re.MULTILINE)

    def check_address(self, address: str) -> str:
        """`27000@host`, `@host`, or the three of a redundant triad with commas between them."""
        return check_ports_at_hosts(address, default_port=True, example="27000@host")

    def command(self, query: str, tool: str, address: str) -> list[str]:
        return [tool, "lmstat", "-i" if query == CATALOGUE else "-a", "-c", address]

    def read(self, outputs: Mapping[str, Output], at: datetime, zone: ZoneInfo, memo: Memo | None = None) -> Reading:
        with without_collecting():
            return self._read(outputs, at, zone, memo)

    def _read(self, outputs: Mapping[str, Output], at: datetime, zone: ZoneInfo, memo: Memo | None) -> Reading:
        status = outputs.get(STATUS, Output("", None, "the status was not asked"))
        catalogue = _catalogue(outputs, memo)
        if status.failure:
            return judged(None, (), status, at)
        if alone := catalogue_alone(status.text, at, zone):
            return alone
        report, memory = read_report(status.text, at, zone, memo)
        features = make_features(report, catalogue, memory)
        if features:
            memory.store(catalogue)
        return judged(report, tuple(features), status, at, catalogue)

    def close_command(self, tool: str, target: Target, options: Sequence[str] = ()) -> list[str]:
        return closing.close_command(tool, target)

    def read_close(self, output: Output) -> CloseAnswer:
        return closing.read_close(output)

    def wants_again(self, reading: Reading, outputs: Mapping[str, Output]) -> Sequence[str]:
        """The catalogue, where the report has a feature or a version that it does not list."""
        catalogue = outputs.get(CATALOGUE)
        if catalogue is None or (catalogue.at is not None and reading.at - catalogue.at < ASK_AGAIN):
            return ()
        unlisted = any(not feature.version_listed for feature in reading.features)
        differs = any(problem.kind is ProblemKind.CATALOGUE for problem in reading.problems)
        return (CATALOGUE,) if (unlisted or differs) and Catalogue(catalogue.text).rows else ()


def _catalogue(outputs: Mapping[str, Output], memo: Memo | None) -> Catalogue | None:
    """What `lmstat -i` lists; the one of the last reading where its text is the same."""
    output = outputs.get(CATALOGUE)
    if output is None or output.failure:
        return None
    last: Any = memo.content.get(CATALOGUE) if memo else None
    catalogue = last if isinstance(last, Catalogue) and last.text == output.text else Catalogue(output.text)
    return catalogue if catalogue.rows else None
