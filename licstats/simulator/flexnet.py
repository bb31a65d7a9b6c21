"""What `lmutil lmstat` prints, letter by letter. A feature that did not change is not rendered again."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby

from licstats.simulator.licenses import Feature, Kind, Pool, Request, Reservation, Session
from licstats.simulator.servers import LicenseServer

BANNER = "lmutil - Copyright (c) 1989-2024 Flexera. All Rights Reserved.\n"
TOOL_VERSION = "lmstat v11.19.6 build 296547 x64_lsb\n"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

REFUSED = 'Cannot connect to license server system. (-15,570:111 "Connection refused")'
UNREADABLE = "Cannot read data from license server system. (-16,287)"
NOT_RUNNING = (
    'lmgrd is not running: License server machine is down or not responding. (-96,7:2 "No such file or directory")'
)
NODE_DOWN = 'Cannot connect to license server system. (-15,570:115 "Operation now in progress")'
DAEMON_DOWN = "The desired vendor daemon is down. (-97,121)"

CATALOGUE_HEAD = """\
NOTE: lmstat -i does not give information from the server,
      but only reads the license file.  For this reason,
      lmstat -a is recommended instead.

Feature                         Version     #licenses    Vendor        Expires
_______                         _________   _________    ______        ________
"""

TYPE_LINES = {
    Kind.FLOATING: "floating license",
    Kind.NODE_LOCKED: 'nodelocked license, locked to "ID=2014217"',
    Kind.UNCOUNTED: "uncounted nodelocked license locked to NOTHING (hostid=ANY)",
}


def status_date(server: LicenseServer, now: float) -> str:
    at = datetime.fromtimestamp(now, server.zone)
    day = f"{DAYS[at.weekday()]} {at.month}/{at.day}/{at.year} {at:%H:%M}"
    return f"{BANNER}Flexible License Manager status on {day}\n\n"


def start_time(server: LicenseServer, start: float) -> str:
    """Without a year and without padding, as FlexNet prints it."""
    at = datetime.fromtimestamp(start, server.zone)
    return f"{DAYS[at.weekday()]} {at.month}/{at.day} {at.hour}:{at.minute:02}"


def expiry(expires: date | None) -> str:
    if expires is None:
        return "permanent(no expiration date)"
    return f"{expires.day}-{MONTHS[expires.month - 1]}-{expires.year}"


def number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def error_report(server: LicenseServer, now: float, text: str) -> str:
    return f"{status_date(server, now)}Error getting status: {text}\n"


def report(server: LicenseServer, now: float, only: str = "", with_features: bool = True) -> str:
    """`lmstat -a`, or `-f` with the feature's name in `only`, or neither."""
    parts = [status_date(server, now), "[Detecting lmgrd processes...]\n", _license_server(server), _nodes(server)]
    parts.append(f"Vendor daemon status (on {_master(server)}):\n")
    by_vendor = groupby(sorted(server.features, key=lambda f: server.vendors.index(f.vendor)), lambda f: f.vendor)
    for vendor, features in by_vendor:
        if vendor in server.trouble.daemons_down:
            parts.append(f"\n     {vendor}: {DAEMON_DOWN}\n")
            continue
        parts.append(f"\n     {vendor}: UP v{server.version}\n")
        if with_features:
            parts.append("Feature usage info:\n\n")
            parts += [_feature(server, f, now) for f in features if only in ("", f.name)]
    return "".join(parts)


def _license_server(server: LicenseServer) -> str:
    path = f"/opt/licenses/{server.name.lower()}/license.dat"
    return f"License server status: {server.address}\n    License file(s) on {server.hosts[0]}: {path}:\n\n"


def not_running(server: LicenseServer, now: float) -> str:
    """What an old lmutil prints, and then exits with 0."""
    return f"{status_date(server, now)}{_license_server(server)}{NOT_RUNNING}\n"


def _master(server: LicenseServer) -> str:
    return next((h for h in server.hosts if h not in server.trouble.nodes_down), server.hosts[0])


def _nodes(server: LicenseServer) -> str:
    lines = []
    for host in server.hosts:
        if host in server.trouble.nodes_down:
            lines.append(f"{host}: {NODE_DOWN}\n")
        else:
            master = " (MASTER)" if host == _master(server) else ""
            lines.append(f"{host}: license server UP{master} v{server.version}\n")
    return "".join(lines) + "\n"


def _feature(server: LicenseServer, feature: Feature, now: float) -> str:
    if feature.text is not None:
        return feature.text
    text = _heading(feature) + "".join(_block(server, pool, now) for pool in feature.pools)
    if not any(pool.borrowed for pool in feature.pools):  # what is left of a borrow changes with time
        feature.text = text
    return text


def _heading(feature: Feature) -> str:
    total = feature.total
    if feature.unsupported:
        figures = f"(Error: {number(total or 0, 'license')}, unsupported by licensed server)"
    elif total is None:
        figures = "(Uncounted, node-locked)"
    else:
        in_use = feature.used + feature.idle_reserved
        figures = f"(Total of {number(total, 'license')} issued;  Total of {number(in_use, 'license')} in use)"
    return f"Users of {feature.name}:  {figures}\n\n"


def _block(server: LicenseServer, pool: Pool, now: float) -> str:
    reserved = [reservation for reservation in pool.reservations if reservation.idle]
    if not (pool.sessions or reserved or pool.queue):
        return ""
    head = f'  "{pool.feature.name}" v{pool.version}, vendor: {pool.feature.vendor}, expiry: {expiry(pool.expires)}\n'
    note = f"  vendor_string: {pool.note}\n" if pool.note else ""
    lines = [head, note, f"  {TYPE_LINES[pool.kind]}\n\n"]
    lines += [_session(server, session, now) for session in pool.sessions.values()]
    lines += [_request(server, request) for request in pool.queue]
    lines += [_reservation(server, reservation) for reservation in reserved]
    return "".join(lines) + "\n"


def _identity(server: LicenseServer, entry: Session | Request) -> str:
    who = entry.holder
    display = "" if who.display is None else f" {who.display}"
    where = f"{server.hosts[0]}/{server.port} {entry.handle}"
    return f"    {who.user} {who.host}{display} (v{entry.version}) ({where})"


def _session(server: LicenseServer, session: Session, now: float) -> str:
    if session.text:
        return session.text
    line = f"{_identity(server, session)}, start {start_time(server, session.start)}"
    if session.used != 1:
        line += f", {session.used} licenses"
    if session.borrowed_for is not None:
        left = max(0, int(session.start + session.borrowed_for - now))
        line += f" (linger: {left} / {int(session.borrowed_for)})"
    if session.holder.pid is not None:
        line += f", PID: {session.holder.pid}"
    if session.borrowed_for is None:
        session.text = line + "\n"
    return line + "\n"


def _request(server: LicenseServer, request: Request) -> str:
    return f"{_identity(server, request)} queued for {number(request.count, 'license')}\n"


def _reservation(server: LicenseServer, reservation: Reservation) -> str:
    count = number(reservation.idle, "RESERVATION")
    return f"        {count} for {reservation.kind} {reservation.name} ({server.hosts[0]}/{server.port})\n"


def catalogue(server: LicenseServer, only: str = "") -> str:
    """`lmstat -i`: the license file, with a row for each pool. It names the first version of a tool's columns."""
    rows = [
        f"{feature.name:<31} {pool.version:<11} {pool.count or 0:<12} {feature.vendor:<13} {expiry(pool.expires)}\n"
        for feature in server.features
        for pool in feature.pools
        if only in ("", feature.name)
    ]
    return CATALOGUE_HEAD + "".join(rows)
