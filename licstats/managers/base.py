"""What every license manager's module offers. Pure Python: the time and the time zone come in as arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from re import Pattern
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from licstats.managers.reading import Reading

STATUS = "status"  # the name of the query that every manager has


class AddressError(ValueError):
    """An address that this license manager does not take; the message says what would be right."""


class UnsafeArgument(ValueError):
    """A value from a license server that cannot be passed to a tool safely; the message says why."""


@dataclass(frozen=True, slots=True)
class Query:
    """A command that is asked of a license server: at each poll, or once in `every`."""

    name: str
    every: timedelta | None = None
    optional: bool = False  # a failure of it leaves the poll as it is


@dataclass(frozen=True, slots=True)
class Output:
    """What a tool printed. `exit_status` None: it was killed. `failure` says why nothing usable came, if so."""

    text: str
    exit_status: int | None = 0
    failure: str = ""  # "time-out after 15 s", "not found: ...", "more than 64 MB": the reading fails with it
    at: datetime | None = None  # when the command was started


@dataclass(slots=True)
class Memo:
    """What a reader keeps from one reading of a server to the next, so that equal text is not parsed again.

    The reader owns its content; whoever polls keeps one for each server and may drop it at any time.
    """

    content: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """The session that is to be closed, as a fresh query printed it, and its feature."""

    address: str
    vendor: str
    feature: str
    user: str
    host: str
    display: str
    server_host: str
    port: str
    handle: str


class Answer(StrEnum):
    """How a tool's answer to a close command is to be taken. Silence proves nothing: a query must."""

    SENT = "sent"  # nothing speaks against it
    REFUSED = "refused"  # the license server will not do it
    GONE = "gone"  # the license server says that there is no such checkout
    FAILED = "failed"  # it could not be asked


@dataclass(frozen=True, slots=True)
class CloseAnswer:
    """The tool's answer, with a sentence that says what happened and what to do."""

    answer: Answer
    message: str = ""


class Manager(ABC):
    """One license manager: how to ask, how to read the answer, whether and how to close.

    `tool` names the program, for instance "lmutil"; its path is a setting of the installation.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    tool: ClassVar[str]
    queries: ClassVar[tuple[Query, ...]] = (Query(STATUS),)
    can_close: ClassVar[bool] = False
    told_time: ClassVar[Pattern[str] | None] = None  # where an output says when it was made, near its beginning

    @abstractmethod
    def check_address(self, address: str) -> str:
        """The address in its normal form; AddressError says what is wrong with it and what would be right."""

    @abstractmethod
    def command(self, query: str, tool: str, address: str) -> list[str]:
        """The argument list (never a shell line) that asks `address` by the program at path `tool`."""

    @abstractmethod
    def read(self, outputs: Mapping[str, Output], at: datetime, zone: ZoneInfo, memo: Memo | None = None) -> Reading:
        """The reading of the outputs of this manager's queries, by query name. Never raises on any text."""

    def wants_again(self, reading: Reading, outputs: Mapping[str, Output]) -> Sequence[str]:
        """Names of queries that should be asked now though they are not due, because of what `reading` shows.

        Whoever polls asks for them at once: how often is too often, the `at` of their last outputs says.
        """
        return ()

    def close_command(self, tool: str, target: Target, options: Sequence[str] = ()) -> list[str]:
        """The argument list that closes `target`; UnsafeArgument where a value cannot be passed safely.

        `options` is the installation's own configured arguments, where a manager needs them (LM-X).
        """
        raise UnsafeArgument(f"{self.title} sessions cannot be closed.")

    def usage_names_switch(self, usage_text: str, options: Sequence[str]) -> bool:
        """Whether the tool's own usage text lists the switches of these configured arguments."""
        return False

    def read_close(self, output: Output) -> CloseAnswer:
        """What the tool's answer to a close command means."""
        raise UnsafeArgument(f"{self.title} sessions cannot be closed.")
