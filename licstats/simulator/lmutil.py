"""The command line of `lmutil`: which license server is asked, what is done there, what is printed.

Exit statuses are 256 less the error's number (-15: 241), as the real program's are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from licstats.simulator import flexnet
from licstats.simulator.answers import Answer
from licstats.simulator.licenses import Session
from licstats.simulator.servers import LicenseServer
from licstats.simulator.troubles import Refusal
from licstats.simulator.world import World

USAGE = """\
usage: lmutil lmstat [-a] [-c license_file_list] [-f [feature]] [-i [feature]] [-v]
       lmutil lmremove [-c license_file_list] feature user user_host display
       lmutil lmremove [-c license_file_list] -h feature server_host port handle
"""
LMREMOVE_USAGE = """\
usage:  lmremove [-c license_file_list] feature user user_host display
   or:  lmremove [-c license_file_list] -h feature server_host port handle
"""
ERRORS = {
    Refusal.NOT_ADMINISTRATOR: ("You are not a license administrator. (-63,294)", 193),
    Refusal.INTERVAL: ("lmremove request before the minimum lmremove interval. (-64,300)", 192),
    Refusal.LINGER: ("Cannot remove a linger license. (-100,362)", 156),
    Refusal.RECLAIM: ("License server doesn't support this request. (-85,294)", 171),
    Refusal.DISABLED: ("License server doesn't support this request. (-85,148)", 171),
    Refusal.UNSUPPORTED: ("License server does not support this feature. (-18,327)", 238),
    Refusal.NO_FEATURE: ("No such feature exists. (-5,222)", 251),
    Refusal.NEVER: ("Feature was never checked out. (-41,147)", 215),
    Refusal.RESET: ('Cannot read data from license server system. (-16,287:104 "Connection reset by peer")', 240),
    Refusal.REFUSED: (flexnet.REFUSED, 241),
    Refusal.SERVER_DOWN: ("License server machine is down or not responding. (-96,491)", 160),
    Refusal.DAEMON_DOWN: (flexnet.DAEMON_DOWN, 159),
}
ERRORS[Refusal.RESET_AFTER] = ERRORS[Refusal.RESET]
REMOVES = {None, Refusal.RESET_AFTER, Refusal.HANG_AFTER}  # all others leave the session where it is


def run(world: World, arguments: Sequence[str], environment: Mapping[str, str]) -> Answer:
    """What `lmutil ARGUMENTS` prints and how it ends."""
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if command not in ("lmstat", "lmremove"):
        return Answer(flexnet.BANNER + USAGE, 1)
    address, rest = _address(rest, environment)
    if command == "lmremove":
        return _lmremove(world, address, rest)
    return _lmstat(world, address, rest)


def _address(arguments: list[str], environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The value of -c, or of the environment, and the other arguments."""
    if "-c" in arguments and arguments.index("-c") + 1 < len(arguments):
        place = arguments.index("-c")
        return arguments[place + 1], arguments[:place] + arguments[place + 2 :]
    return environment.get("LM_LICENSE_FILE", ""), arguments


def _lmstat(world: World, address: str, options: list[str]) -> Answer:
    if "-v" in options:
        return Answer(flexnet.BANNER + flexnet.TOOL_VERSION)
    server = world.at_address(address, "flexnet")
    if server is None:
        return Answer(flexnet.error_report(world.nobody, world.now, flexnet.REFUSED), 241)
    trouble = server.trouble
    answer = replace(_status(world, server, options), delay=trouble.slow, hangs=trouble.hang)
    if trouble.garbage:
        return replace(answer, text=world.garbage(), status=0)
    if trouble.huge:
        return replace(answer, huge=trouble.huge)
    if trouble.cut is not None:
        data = answer.data
        return replace(answer, text=data[: int(len(data) * trouble.cut)])
    return answer


def _status(world: World, server: LicenseServer, options: list[str]) -> Answer:
    if not server.serves and server.trouble.old_tool:
        return Answer(flexnet.not_running(server, world.now))
    if not server.serves:
        return Answer(flexnet.error_report(server, world.now, flexnet.REFUSED), 241)
    if server.trouble.unreadable:
        return Answer(flexnet.error_report(server, world.now, flexnet.UNREADABLE), 240)
    text = ""
    if "-i" not in options or "-a" in options or "-f" in options:
        wanted = _value(options, "-f")
        text = flexnet.report(server, world.now, wanted, "-a" in options or "-f" in options)
    if "-i" in options:
        text += (text and "\n") + flexnet.catalogue(server, _value(options, "-i"))
    return Answer(text)


def _value(options: list[str], name: str) -> str:
    """The word after an option, unless it is another option."""
    place = options.index(name) + 1 if name in options else len(options)
    return options[place] if place < len(options) and not options[place].startswith("-") else ""


def _lmremove(world: World, address: str, arguments: list[str]) -> Answer:
    by_handle = arguments[:1] == ["-h"]
    values = arguments[1:] if by_handle else arguments
    server = world.at_address(address, "flexnet")
    refusal = server.trouble.refuse if server else Refusal.REFUSED
    if len(values) != 4 or refusal is Refusal.USAGE:
        return Answer(flexnet.BANNER + LMREMOVE_USAGE, 1)
    if server is None or not server.serves:
        return _refuse(Refusal.REFUSED)
    feature = values[0]
    found = _by_handle(server, *values) if by_handle else _by_user(server, *values)
    if refusal is None:
        refusal = _own_refusal(server, feature, found)
    removed = found if refusal in REMOVES else []
    world.remove(server, removed, ["lmutil", "lmremove", "-c", address, *arguments], refusal)
    return _refuse(refusal, server.trouble.slow + server.trouble.slow_removal)


def _by_handle(server: LicenseServer, feature: str, host: str, port: str, handle: str) -> list[Session]:
    session = server.handles.get(int(handle)) if handle.isascii() and handle.isdigit() else None
    right = (
        session is not None
        and session.pool.feature.name == feature
        and host.lower() == server.hosts[0].lower()
        and port == str(server.port)
    )
    return [session] if session and right else []


def _by_user(server: LicenseServer, feature: str, user: str, host: str, display: str) -> list[Session]:
    """Every checkout of that user on that host and display."""
    sessions: Iterable[Session] = (s for f in server.find(feature) for s in f.sessions())
    wanted = (user, host, display)
    return [s for s in sessions if (s.holder.user, s.holder.host, s.holder.display or "") == wanted]


def _own_refusal(server: LicenseServer, feature: str, found: list[Session]) -> Refusal | None:
    """What the license server itself has against it, when nothing was arranged."""
    vendors = {f.vendor for f in server.find(feature)}
    if not vendors:
        return Refusal.NO_FEATURE
    if vendors <= server.trouble.daemons_down:
        return Refusal.DAEMON_DOWN
    if not found:
        return Refusal.NEVER
    if any(session.borrowed_for is not None for session in found):
        return Refusal.LINGER
    return None


def _refuse(refusal: Refusal | None, delay: float = 0.0) -> Answer:
    text, status = ERRORS.get(refusal, ("", 0)) if refusal else ("", 0)
    hangs = refusal in (Refusal.HANG, Refusal.HANG_AFTER)
    return Answer(flexnet.BANNER + (text and f"{text}\n"), status, delay, hangs)
