"""Addresses of license servers: `port@host`, or three of them for a redundant triad."""

from __future__ import annotations

import re
from ipaddress import IPv6Address

from licstats.managers.base import AddressError

LONGEST = 500
DEFAULT_PORTS = [str(port) for port in range(27000, 27010)]  # those of FlexNet
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?", re.ASCII)
_NUMBERS = re.compile(r"[\d.]+")


def check_ports_at_hosts(address: str, *, default_port: bool, example: str) -> str:
    """The address without blanks. `default_port`: the port may be left out, as in `@host`.

    AddressError names the part that is wrong. Nothing gets through that a tool could take as an option, a file, or a
    shell as anything but a word.
    """
    parts = [part.strip(" ") for part in address.split(",")]
    right = f"Right would be {example}, or for a redundant triad {_triad(example)}."
    if len(address) > LONGEST:
        raise AddressError(f"The address has {len(address)} characters, more than {LONGEST}. {right}")
    if len(parts) not in (1, 3):
        raise AddressError(f"'{address}' names {len(parts)} machines: a redundant triad has three. {right}")
    for part in parts:
        problem = _problem(part, default_port)
        if problem:
            raise AddressError(f"'{part}' is not an address: {problem}. {right}")
    hosts = [part.partition("@")[2].lower() for part in parts]
    if len(set(hosts)) != len(hosts):
        raise AddressError(f"'{address}' names a machine twice: a redundant triad has three of them. {right}")
    return ",".join(parts)


def split_address(address: str) -> list[tuple[str, str]]:
    """The (port, host) of each machine of an address that was checked."""
    return [(port, host) for port, _, host in (part.partition("@") for part in address.split(","))]


def share_a_machine(address: str, other: str) -> bool:
    """Whether a license server of one address may be one of the other: the same port at the same host."""
    ours, theirs = _machines(address), _machines(other)
    return any(host == there and _meet(port, behind) for port, host in ours for behind, there in theirs)


def _machines(address: str) -> list[tuple[str, str]]:
    return [(port.strip().lstrip("0"), _spelled(host)) for port, host in split_address(address)]


def _spelled(host: str) -> str:
    """The host as anybody writes it."""
    plain = host.strip().lower().removesuffix(".")
    inner = plain.removeprefix("[").removesuffix("]")
    return str(IPv6Address(inner)) if _is_ipv6(inner) else plain


def _meet(port: str, other: str) -> bool:
    """Where the port is left out, the tool tries the default ones."""
    return port == other or ("" in (port, other) and (port or other) in DEFAULT_PORTS)


def _triad(example: str) -> str:
    port, _, host = example.partition("@")
    return ",".join(f"{port}@{host}{n}" for n in (1, 2, 3))


def _problem(part: str, default_port: bool) -> str:
    port, at, host = part.partition("@")
    if not at:
        return "it has no @ between port and host"
    if not port and not default_port:
        return "the port is missing"
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        return f"'{port}' is not a port, which is a number from 1 to 65535"
    return _host_problem(host)


def _host_problem(host: str) -> str:
    if not host:
        return "the host is missing"
    if host.startswith("[") and host.endswith("]"):
        return "" if _is_ipv6(host[1:-1]) else f"'{host}' is not an IPv6 address"
    if len(host) > 253 or not _HOST.fullmatch(host):
        return f"'{host}' is not a host name or an IP address"
    if _NUMBERS.fullmatch(host) and not _is_ipv4(host):
        return f"'{host}' is not an IPv4 address"
    return ""


def _is_ipv6(text: str) -> bool:
    try:
        return IPv6Address(text).scope_id is None
    except ValueError:
        return False


def _is_ipv4(text: str) -> bool:
    numbers = text.split(".")
    return len(numbers) == 4 and all(n.isdigit() and int(n) < 256 for n in numbers)
