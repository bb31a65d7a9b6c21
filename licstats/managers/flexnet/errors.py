"""FlexNet's error codes: -15 and its like, or the exit status 256 less the code, and what to do about each."""

from __future__ import annotations

import re

CODE = re.compile(r"\(-(\d{1,4}),\d+|Licensing error:\s*-(\d{1,4})\b", re.IGNORECASE)

# Code without its sign: what happened and what to do.
ADVICE = {
    1: "the license file cannot be found: check the address",
    2: "the license file cannot be read: check the address",
    5: "the license server has no such feature: its licenses may have been removed or have expired",
    6: "the address needs a port, as in 27000@host",
    7: "nothing answers at that address: check host, port and firewall, and that lmgrd runs",
    12: "the answer of the license server makes no sense: is another service at that port?",
    13: "the license file has no SERVER line: its licenses are node-locked and there is no server to ask",
    14: "the host name cannot be resolved: check it, or use the IP address",
    15: "nothing answers at that address: check host, port and firewall, and that lmgrd runs",
    16: "the license server took the connection but does not answer: is its vendor daemon's port open in the firewall?",
    17: "the connection to the license server broke: try again, then look at its log",
    18: "the license server does not serve this feature",
    30: "the license file cannot be read: check its permissions",
    33: "tool and license server do not understand each other: use an lmutil of the server's version",
    41: "the license server knows no such checkout: it has ended already",
    42: "the license server takes one of the values as wrong",
    52: "the vendor daemon does not answer in time: look at its log",
    57: "no network connection can be made from this machine",
    61: "the license server does not tell its license file: ask it by an lmutil of its version",
    63: "only a license administrator of that server may do this: run the worker as one (root or the group lmadmin, "
    "where lmgrd was started with -2 -p), or on the license server itself",
    64: "the checkout is younger than the minimum interval of its vendor: try again in a few minutes",
    83: "the lmutil is newer than the license server: use an older one",
    85: "the license server refuses requests to close: lmadmin must run with -allowLicenseReclaim, and lmgrd "
    "without -x lmremove",
    96: "the machine does not answer: check that it is up, the host name, and the firewall",
    97: "lmgrd runs but the vendor daemon does not: look at its log, then start it or reread the license file",
    100: "a borrowed or lingering license cannot be taken back: it returns at its expiration",
    119: "the license server takes this only from its own machine",
    120: "licenses are borrowed from it",
    106: "the license server has no connections left: raise its limit of open files",
}


def error_code(text: str) -> int | None:
    """The code, without its sign, that an error text of a tool carries."""
    found = CODE.search(text)
    return int(found[1] or found[2]) if found else None


def exit_code(status: int | None) -> int | None:
    """The code that an exit status of the tool stands for: 241 is 15."""
    return 256 - status if status is not None and 128 <= status <= 255 else None


def advice(code: int | None) -> str:
    return ADVICE.get(code or 0, "")
