"""What stands around the features of a report: its date, the license server's nodes, the vendor daemons, errors."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from licstats.managers.dates import PLAUSIBLE_YEARS, Calendar, local_time
from licstats.managers.flexnet.errors import advice, error_code
from licstats.managers.flexnet.memory import Memory
from licstats.managers.flexnet.parts import Report, ServerBlock
from licstats.managers.flexnet.patterns import WRAPPED_ADDRESS
from licstats.managers.problems import LONGEST_TEXT
from licstats.managers.reading import DaemonReading, Problem, ProblemKind, ServerNode, Status

Match = re.Match[str]


class Surroundings:
    """Takes the lines outside of features, and knows whose features come next: `vendor`, `server`, `calendar`."""

    def __init__(self, report: Report, at: datetime, zone: ZoneInfo, memory: Memory) -> None:
        self.report = report
        self.at = at
        self.zone = zone
        self.memory = memory
        self.vendor = ""
        self.among_daemons = False
        self._calendar: Calendar | None = None

    @property
    def calendar(self) -> Calendar:
        """By the report's date; of a report without one by our time of the query."""
        if self._calendar is None:
            self._calendar = self.memory.calendar_at(self.at, self.zone)
        return self._calendar

    @property
    def server(self) -> str:
        return self.report.servers[-1].address if self.report.servers else ""

    def take(self, kind: str, found: Match, line: int) -> None:
        take = getattr(self, f"_take_{kind}", None)
        if take:  # else banners, rules, names of license files: nothing that is shown
            take(found, line)

    def takes_wrapped(self, text: str) -> bool:
        """Whether `text` goes on with a triad's list of addresses, which the line before left open."""
        open_list = self.report.servers and self.report.servers[-1]
        if not open_list or open_list.nodes or not open_list.address.endswith(","):
            return False
        if not WRAPPED_ADDRESS.fullmatch(text):
            return False
        open_list.address += text.strip()
        return True

    def _take_date(self, found: Match, line: int) -> None:
        self.report.date_lines.append(line)
        self.report.awaits = "the state of the license server"
        self.vendor, self.among_daemons = "", False
        reported_at = self._date(found)
        if reported_at is None:
            message = "The date of the report was not understood: times without a year are taken as of our clock."
            self.report.problems.add(Problem(ProblemKind.DATE, message, line, found[0].strip()))
            self._calendar = None
            return
        self.report.reported_at = reported_at
        self._calendar = self.memory.calendar_at(reported_at, self.zone)
        self.report.today = self._calendar.today

    def _date(self, found: Match) -> datetime | None:
        month, day, year = found["date"].split("/")
        if not year.isdecimal():  # blanked out in an anonymised log
            return Calendar(self.at, self.zone).resolve(found["date_weekday"], f"{month}/{day}", found["date_clock"])
        hour, minute, second = (*map(int, found["date_clock"].split(":")), 0)[:3]
        try:
            moment = datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=self.zone)
        except ValueError:
            return None
        if moment.year not in PLAUSIBLE_YEARS:
            return None
        return local_time(moment.date(), hour, minute, second, self.zone, near=self.at)

    def _take_server(self, found: Match, line: int) -> None:
        self.report.servers.append(ServerBlock(found["address"], line))
        self.report.awaits = "the state of the license server"
        self.vendor, self.among_daemons = "", False

    def _take_node(self, found: Match, line: int) -> None:
        status = Status(found["node_status"].lower())
        role = "master" if found["master"] else ""
        self._add_node(ServerNode(found["node"], status, role, found["node_version"] or ""))
        if status is Status.DOWN:
            self._add_problem(ProblemKind.SERVER, f"{found['node'] or 'The license server'} is down.", line, found[0])
        else:
            self.report.awaits = "the vendor daemons"

    def _add_node(self, node: ServerNode) -> None:
        if not self.report.servers:
            self.report.servers.append(ServerBlock())
        nodes = self.report.servers[-1].nodes
        for at, known in enumerate(nodes):
            if known.host.lower() == node.host.lower() and known.status is node.status:
                role, version = known.role or node.role, known.version or node.version
                nodes[at] = ServerNode(known.host, known.status, role, version)
                return
        nodes.append(node)

    def _take_daemons(self, found: Match, line: int) -> None:
        self.among_daemons = True
        self.report.awaits = "the vendor daemons"

    def _take_daemon(self, found: Match, line: int) -> None:
        self.among_daemons = True
        self.vendor = found["daemon"]
        status = Status(found["daemon_status"].lower())
        self.report.daemons.append(DaemonReading(self.vendor, status, found["daemon_version"] or ""))
        self.report.awaits = f"the features of {self.vendor}" if status is Status.UP else ""
        if status is Status.DOWN:
            message = f"The vendor daemon {self.vendor} is down: {advice(97)}."
            self._add_problem(ProblemKind.DAEMON, message, line, found[0], self.vendor)

    def _take_usage(self, found: Match, line: int) -> None:
        self.report.awaits = f"the features of {self.vendor or 'the vendor daemon'}"

    def _take_failing(self, found: Match, line: int) -> None:
        """A node or a vendor daemon that did not answer: both are printed alike."""
        who, why = found["who"], _told(found["why"])
        if self.among_daemons:
            self.vendor, self.report.awaits = who, ""
            self.report.daemons.append(DaemonReading(who, Status.DOWN))
            self._add_problem(ProblemKind.DAEMON, f"The vendor daemon {who} did not answer: {why}", line, found[0], who)
        else:
            self._add_node(ServerNode(who, Status.DOWN))
            self._add_problem(ProblemKind.SERVER, f"{who} did not answer: {why}", line, found[0])

    def _take_failure(self, found: Match, line: int) -> None:
        text = found[0].strip()
        self.report.awaits = ""
        self.report.failures.append(Problem(ProblemKind.SERVER, _told(text), line, text[:LONGEST_TEXT]))

    def _add_problem(self, kind: ProblemKind, message: str, line: int, text: str, vendor: str = "") -> None:
        self.report.problems.add(Problem(kind, message, line, text.strip()[:LONGEST_TEXT], vendor))


def _told(text: str) -> str:
    """An error text of the tool, with what to do about it where its code is known."""
    text = text.strip()[:LONGEST_TEXT]
    todo = advice(error_code(text))
    return f"{text} - {todo}." if todo else text
