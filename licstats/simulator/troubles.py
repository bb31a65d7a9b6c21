"""How a license server can fail, or refuse to take a license back. Set by tests, and by the demo's own day."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Refusal(StrEnum):
    """What becomes of a request to take a license back."""

    NOT_ADMINISTRATOR = "not-administrator"
    INTERVAL = "interval"  # too soon after the checkout
    LINGER = "linger"
    RECLAIM = "reclaim"  # lmadmin was started without -allowLicenseReclaim
    DISABLED = "disabled"  # lmgrd was started with -x lmremove
    UNSUPPORTED = "unsupported"  # the license server does not support this feature
    NO_FEATURE = "no-feature"
    NEVER = "never"  # the feature was never checked out
    RESET = "reset"  # the connection is lost, nothing is removed
    RESET_AFTER = "reset-after"  # the connection is lost when the license has been removed
    REFUSED = "refused"  # no connection
    SERVER_DOWN = "server-down"
    DAEMON_DOWN = "daemon-down"
    HANG = "hang"  # no answer, nothing is removed
    HANG_AFTER = "hang-after"  # removed, but no answer
    SILENT = "silent"  # says nothing and removes nothing
    USAGE = "usage"  # the tool prints its usage
    PASSWORD = "password"  # noqa: S105 - LM-X: the password is wrong


@dataclass(slots=True)
class Trouble:
    """What is wrong with a license server now; as made, nothing is."""

    down: bool = False
    old_tool: bool = False  # with `down`: lmutil of old, which says so and exits with 0
    unreadable: bool = False  # connects, but the data cannot be read
    slow: float = 0.0  # seconds before an answer
    hang: bool = False
    cut: float | None = None  # the part of the text that is printed, 0 to 1
    garbage: bool = False
    huge: int = 0  # this many megabytes of text
    nodes_down: set[str] = field(default_factory=set)
    daemons_down: set[str] = field(default_factory=set)
    slow_removal: float = 0.0  # seconds before the answer to a removal that is already done
    refuse: Refusal | None = None
    again: float | None = None  # seconds after which a program takes a removed license again
