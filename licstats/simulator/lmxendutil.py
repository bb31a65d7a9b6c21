"""The command line of `lmxendutil`, with a switch that takes licenses back and stands in its usage text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from licstats.simulator import lmx
from licstats.simulator.answers import Answer
from licstats.simulator.licenses import Session
from licstats.simulator.servers import LicenseServer
from licstats.simulator.troubles import Refusal
from licstats.simulator.world import World

PASSWORD_VARIABLE = "LMX_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable, not a secret
USAGE = f"""\
Usage: lmxendutil <option> [arguments]
  -help                         print this text
  -licstat                      print license statistics
      -host H -port P           of this license server (default port 6200)
      -hal P@H,P@H,P@H          of these license servers
  -removeuser                   release the licenses of a user on the license server
      -clientuser U             the user
      -clienthost C             the user's host
      -feature F                only this feature (all, if left out)
      -host H -port P           of this license server
      -password W               its administration password; if left out, {PASSWORD_VARIABLE} is taken
"""
WITH_VALUE = {"-host", "-port", "-hal", "-vendor", "-clientuser", "-clienthost", "-feature", "-password"}
SWITCHES = {"-licstat", "-removeuser", "-help", "-network", "-borrow", "-grace", "-trial", "-denials"}


def run(world: World, arguments: Sequence[str], environment: Mapping[str, str]) -> Answer:
    """What `lmxendutil ARGUMENTS` prints and how it ends."""
    options = _options(arguments)
    if options is None or "-help" in options or not {"-licstat", "-removeuser"} & options.keys():
        return Answer(lmx.BANNER + USAGE, 0 if options and "-help" in options else 1)
    addresses = options.get("-hal") or f"{options.get('-port', '6200')}@{options.get('-host', '')}"
    if addresses.endswith("@"):
        return Answer(lmx.NO_SERVERS, 1)
    server = world.at_address(addresses, "lmx")
    if "-removeuser" in options:
        password = options.get("-password") or environment.get(PASSWORD_VARIABLE, "")
        return _remove(world, server, options, password, list(arguments))
    if server is None or not server.serves or server.trouble.unreadable:
        return Answer(lmx.cannot_connect(addresses), 1, server.trouble.slow if server else 0.0)
    return _licstat(world, server)


def _options(arguments: Sequence[str]) -> dict[str, str] | None:
    """The options with their values; None where one is unknown or its value is missing."""
    options: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        if word in WITH_VALUE:
            value = next(words, None)
            if value is None:
                return None
            options[word] = value
        elif word in SWITCHES:
            options[word] = ""
        else:
            return None
    return options


def _licstat(world: World, server: LicenseServer) -> Answer:
    trouble = server.trouble
    answer = Answer(lmx.report(server, world.now), 0, trouble.slow, trouble.hang, trouble.huge)
    if trouble.garbage:
        return replace(answer, text=world.garbage())
    if trouble.cut is not None:
        data = answer.data
        return replace(answer, text=data[: int(len(data) * trouble.cut)])
    return answer


def _remove(
    world: World, server: LicenseServer | None, options: dict[str, str], password: str, arguments: list[str]
) -> Answer:
    refusal = server.trouble.refuse if server else None
    if "-clientuser" not in options or "-clienthost" not in options or refusal is Refusal.USAGE:
        return Answer(lmx.BANNER + USAGE, 1)
    if server is None or not server.serves or refusal in (Refusal.REFUSED, Refusal.SERVER_DOWN):
        return Answer(f"{lmx.BANNER}{lmx.CANNOT_CONNECT}", 1)
    if world.password and password != world.password:
        refusal = Refusal.PASSWORD
    everything = _sessions(server, options)
    found = [session for session in everything if session.borrowed_for is None]
    if refusal is None and not found:
        refusal = Refusal.LINGER if everything else Refusal.NEVER
    after = (None, Refusal.RESET_AFTER, Refusal.HANG_AFTER)
    world.remove(server, found if refusal in after else [], ["lmxendutil", *_without_password(arguments)], refusal)
    delay = server.trouble.slow + server.trouble.slow_removal
    hangs = refusal in (Refusal.HANG, Refusal.HANG_AFTER)
    if refusal is None or refusal is Refusal.SILENT or hangs:
        return Answer(lmx.BANNER, 0, delay, hangs)
    return Answer(f"{lmx.BANNER}{_error(refusal)}", 1, delay)


def _error(refusal: Refusal) -> str:
    texts = {
        Refusal.PASSWORD: "XF Error: Invalid administration password!\n",
        Refusal.NEVER: "XF Error: User not found!\n",
        Refusal.LINGER: "XF Error: A borrowed license cannot be released!\n",
        Refusal.RESET: "XF Error: Connection to license server was lost!\n",
        Refusal.RESET_AFTER: "XF Error: Connection to license server was lost!\n",
    }
    return texts.get(refusal, "XF Error: Request was denied by license server!\n")


def _sessions(server: LicenseServer, options: dict[str, str]) -> list[Session]:
    """All that the user holds on that host, or what it holds of one feature there."""
    wanted = (options["-clientuser"], options["-clienthost"])
    return [
        session
        for session in server.sessions()
        if (session.holder.user, session.holder.host) == wanted
        and options.get("-feature", session.pool.feature.name) == session.pool.feature.name
    ]


def _without_password(arguments: list[str]) -> list[str]:
    if "-password" not in arguments[:-1]:
        return arguments
    place = arguments.index("-password")
    return [*arguments[: place + 1], "***", *arguments[place + 2 :]]
