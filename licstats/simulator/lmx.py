"""What `lmxendutil -licstat` prints, letter by letter."""

from __future__ import annotations

from datetime import datetime

from licstats.simulator.licenses import Feature, Pool, Session
from licstats.simulator.servers import LicenseServer

BANNER = """\
LM-X End-user Utility v5.4.1
Copyright (C) 2002-2023 X-Formation. All rights reserved.

"""
BLOCK = "+" * 40 + "\n"
RULE = "-" * 40 + "\n"
CANNOT_CONNECT = "XF Error: Unable to connect to license server!\n"
NO_SERVERS = f"{BANNER}{BLOCK}LM-X license server(s):\n{RULE}There are no license server(s) available.\n"


def title(address: str) -> str:
    return f"{BLOCK}LM-X License Server on {address}:\n\n"


def cannot_connect(address: str) -> str:
    return BANNER + title(address) + CANNOT_CONNECT


def report(server: LicenseServer, now: float) -> str:
    """One license server with all its features."""
    parts = [BANNER, title(f"{server.port}@{server.hosts[0]}"), _uptime(server, now)]
    parts += [_feature(server, feature) for feature in server.features]
    return "".join(parts)


def _uptime(server: LicenseServer, now: float) -> str:
    minutes, seconds = divmod(int(now - server.up_since), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    uptime = f"{days} day(s) {hours} hour(s) {minutes} min(s) {seconds} sec(s)"
    return f"Server version: v{server.version} Uptime: {uptime}\n"


def _feature(server: LicenseServer, feature: Feature) -> str:
    if feature.text is None:
        feature.text = "".join(_pool(server, pool) for pool in feature.pools)
    return feature.text


def _pool(server: LicenseServer, pool: Pool) -> str:
    feature = pool.feature
    sharing = feature.sharing or "NONE"
    head = (
        f"{RULE}Feature: {feature.name} Version: {pool.version} Vendor: {feature.vendor}\n"
        f"Start date: {feature.since or 'NONE'} Expire date: {pool.expires or 'NONE'}\n"
        f"Key type: EXCLUSIVE License sharing: {sharing}\n\n"
        f"{pool.used} of {pool.count} license(s) used{':' if pool.sessions else ''}\n"
    )
    return head + "".join(_session(server, session) for session in pool.sessions.values())


def _time(server: LicenseServer, at: float) -> str:
    return datetime.fromtimestamp(at, server.zone).strftime("%Y-%m-%d %H:%M")


def _session(server: LicenseServer, session: Session) -> str:
    if not session.text:
        who = session.holder
        until, at = session.borrowed_until, _time(server, session.start)
        times = f"Login time: {at}   Checkout time: {at}"
        if until is not None:  # as the XML does, which has a time of this name in the place of the other two
            times = f"Borrow expire time: {_time(server, until)}"
        custom = session.pool.feature.sharing.startswith("CUSTOM")
        shared = f"Shared on custom string: {who.user}:{who.host}\n" if custom else ""
        session.text = f"\n{session.used} license(s) used by {who.user}@{who.host} [{who.ip}]\n{times}\n{shared}"
    return session.text
