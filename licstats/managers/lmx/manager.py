"""LM-X: asked by `lmxendutil -licstat`, closed by the removal switch that the installation configured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from licstats.managers import pools
from licstats.managers.addresses import check_ports_at_hosts, split_address
from licstats.managers.base import STATUS, CloseAnswer, Manager, Memo, Output, Target
from licstats.managers.collecting import without_collecting
from licstats.managers.decoding import plain_line_ends
from licstats.managers.endings import exit_problems, failed, no_state
from licstats.managers.lmx import closing
from licstats.managers.lmx.report import Block, Placed, Report, ReportReader, by_feature, is_exact, missing_end
from licstats.managers.problems import LONGEST_TEXT
from licstats.managers.reading import HARMLESS, FeatureReading, Pool, Problem, ProblemKind, Reading, Status, Verdict
from licstats.managers.tails import missing_tail

Kept = tuple[list[Block], date, FeatureReading]
Group = tuple[str, str, str, str]


class LMX(Manager):
    name = "lmx"
    title = "LM-X"
    tool = "lmxendutil"
    can_close = True

    def check_address(self, address: str) -> str:
        """`6200@host`, or the three of a HAL with commas between them."""
        return check_ports_at_hosts(address, default_port=False, example="6200@host")

    def command(self, query: str, tool: str, address: str) -> list[str]:
        machines = split_address(address)
        if len(machines) > 1:
            return [tool, "-licstat", "-hal", address]
        port, host = machines[0]
        return [tool, "-licstat", "-host", host, "-port", port]

    def read(self, outputs: Mapping[str, Output], at: datetime, zone: ZoneInfo, memo: Memo | None = None) -> Reading:
        output = outputs.get(STATUS, Output("", None, "the status was not asked"))
        if output.failure:
            return failed(at, [Problem(ProblemKind.TOOL, output.failure)])
        with without_collecting():
            return _read(output, at, zone, memo or Memo())

    def close_command(self, tool: str, target: Target, options: Sequence[str] = ()) -> list[str]:
        return closing.close_command(tool, target, options)

    def read_close(self, output: Output) -> CloseAnswer:
        return closing.read_close(output)

    def usage_names_switch(self, usage_text: str, options: Sequence[str]) -> bool:
        return closing.usage_names_switch(usage_text, options)


def _read(output: Output, at: datetime, zone: ZoneInfo, memo: Memo) -> Reading:
    text = plain_line_ends(output.text)
    same_zone = memo.content.get("zone") is zone
    known: dict[str, Block] = memo.content.get("blocks", {}) if same_zone else {}
    kept: dict[Group, Kept] = memo.content.get("features", {}) if same_zone else {}
    reader = ReportReader(zone, known)
    report = reader.read(text)
    _judge_end(report, text)
    if report.problems.found and report.problems.found[-1].kind is ProblemKind.CUT and not text.endswith("\n"):
        whole, end, last_line = text.rpartition("\n")
        reader = ReportReader(zone, known)
        report = reader.read(whole + end)
        message = "The output ends in the middle of this line, which was not read."
        report.problems.add(Problem(ProblemKind.CUT, message, text.count("\n") + 1, last_line[:LONGEST_TEXT]))
    next_kept = {_key(group): _feature(group, at.astimezone(zone).date(), kept) for group in by_feature(report)}
    if tail := missing_tail(memo.content.get("features", {}), next_kept):
        report.problems.add(tail)
    features = tuple([feature for _, _, feature in next_kept.values()])
    for placed in report.blocks:
        _add_totals(report, placed)
    if features:
        memo.content.update(zone=zone, blocks=reader.next_known, features=next_kept)
    return _judged(report, features, output, at)


def _judge_end(report: Report, text: str) -> None:
    if not report.servers and not report.blocks:
        return
    message = missing_end(report)
    if not message and not text.endswith("\n") and not is_exact(report):
        message = "The output ends without a line end."
    if message:
        lines = text.rstrip().split("\n")
        report.problems.add(Problem(ProblemKind.CUT, message, len(lines), lines[-1].strip()[:LONGEST_TEXT]))


def _key(group: Sequence[Placed]) -> Group:
    block = group[0].block
    return block.vendor, block.name, block.version, block.type


def _feature(group: Sequence[Placed], today: date, kept: Mapping[Group, Kept]) -> Kept:
    """The feature of the blocks, each a pool; the one of the last reading where they are the same."""
    blocks = [placed.block for placed in group]
    last = kept.get(_key(group))
    if last and last[1] == today and len(last[0]) == len(blocks) and all(map(_is, last[0], blocks)):
        return last
    known = {session: session for session in last[2].sessions} if last else {}
    sessions = tuple([known.get(session, session) for block in blocks for session in block.sessions])
    its_pools = tuple([Pool(b.total, b.expiry.day, b.expiry.permanent, b.version) for b in blocks])
    expiry = pools.expiration(its_pools, today)
    used = [block.used for block in blocks]
    first = blocks[0]
    feature = FeatureReading(
        vendor=first.vendor,
        name=first.name,
        version=first.version,
        type=first.type,
        total=pools.total(its_pools, today),
        used=None if None in used else sum(filter(None, used)),
        borrowed=sum([session.used for session in sessions if session.borrow_expires_at]),
        expires=expiry.day,
        permanent=expiry.permanent,
        adds_up=all(block.used is not None and block.used <= block.seen for block in blocks),
        pools=its_pools,
        sessions=sessions,
    )
    return blocks, today, last[2] if last and last[2] == feature else feature


def _is(one: Block, other: Block) -> bool:
    return one is other


def _add_totals(report: Report, placed: Placed) -> None:
    block = placed.block
    if block.used is None or block.used == block.seen:
        return
    checkouts = f"{len(block.sessions)} checkout{'' if len(block.sessions) == 1 else 's'}"
    message = f"{block.used} in use, but {block.seen} seen in {checkouts}"
    report.problems.add(Problem(ProblemKind.TOTALS, message, placed.line, block.text, block.vendor, block.name))


def _judged(report: Report, features: tuple[FeatureReading, ...], output: Output, at: datetime) -> Reading:
    up = any(server.status is Status.UP for server in report.servers)
    if not features and not up:
        return failed(at, _why(report, output))
    for problem in report.failures + exit_problems(output.exit_status, explained=bool(report.failures)):
        report.problems.add(problem)
    return Reading(
        status=Status.UP,
        verdict=Verdict.PARTIAL if _is_partial(report.problems.all()) else Verdict.COMPLETE,
        at=at,
        servers=tuple(report.servers),
        features=features,
        problems=tuple(report.problems.all()),
    )


def _is_partial(problems: Iterable[Problem]) -> bool:
    """A server of a HAL that does not answer leaves complete what the others told."""
    return any(problem.kind not in HARMLESS and problem.kind is not ProblemKind.SERVER for problem in problems)


def _why(report: Report, output: Output) -> list[Problem]:
    problems = report.problems.all()
    if report.failures:
        return report.failures + problems
    begun, anything = bool(report.servers), bool(problems)
    return [
        no_state("lmxendutil -licstat", begun=begun, anything=anything, exit_status=output.exit_status),
        *problems,
    ]
