"""User, host and display of a FlexNet checkout line, which prints them apart by blanks and without quoting.

Users and displays may hold blanks themselves, and the display may be missing, so that the words alone do not tell.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

ACTIVATED = "ACTIVATED LICENSE(S)"  # in the place of the user: borrowed from trusted storage
_DISPLAY_START = (":", "/dev/")
_DISPLAY_SUFFIX = re.compile(r"(?::\d+(?:\.\d+)?|0\.0)\Z")
_IPV4 = re.compile(r"\d+(?:\.\d+){3}\Z")
_QUOTED = re.compile(r'("[^"]*") +(.*)', re.DOTALL)


class Identity(NamedTuple):
    user: str
    host: str
    display: str


def is_plain(identity: str) -> bool:
    """Whether it needs no knowledge of other lines: at most user, host and display, one word each."""
    return identity.count(" ") <= 2 and not identity.endswith(" ")


def split_identity(identity: str, hosts: Container[str] = ()) -> Identity:
    """User, host and display of `identity`. `hosts` are those of the report's plain lines.

    Of more than three words, the first one after the first that is a known host, or that a later word repeats, is
    the host; else the word before one that looks like a display; else the second. A trailing blank is an
    empty display: then the last word is the host.
    """
    if identity.upper().startswith(ACTIVATED):
        words = identity[len(ACTIVATED) :].split()
        return Identity(identity[: len(ACTIVATED)], *_first_and_rest(words))
    quoted = _QUOTED.fullmatch(identity)
    if quoted:
        return Identity(quoted[1], *_first_and_rest(quoted[2].split()))
    words = identity.split()
    if len(words) <= 2:
        return _split_two(words)
    at = _host_index(words, hosts, no_display=identity.endswith(" "))
    return Identity(" ".join(words[:at]), words[at], " ".join(words[at + 1 :]))


def _first_and_rest(words: list[str]) -> tuple[str, str]:
    return (words[0], " ".join(words[1:])) if words else ("", "")


def _split_two(words: list[str]) -> Identity:
    user, second = [*words, "", ""][:2]
    return Identity(user, "", second) if second.startswith(_DISPLAY_START) else Identity(user, second, "")


def _host_index(words: list[str], hosts: Container[str], no_display: bool) -> int:
    if len(words) == 3 and not no_display:
        return 1
    plain = [_plain_host(word) for word in words]
    for at in range(1, len(words)):
        if words[at] in hosts or plain[at] in plain[at + 1 :]:
            return at
    if no_display:
        return len(words) - 1
    for at in range(2, len(words)):
        if words[at].startswith(_DISPLAY_START):
            return at - 1
    return 1


def _plain_host(word: str) -> str:
    """A host name without its domain, case, and the display that X and Windows run together with it."""
    if not _IPV4.match(word):
        word = _DISPLAY_SUFFIX.sub("", word).lower()
    return word if _IPV4.match(word) else word.partition(".")[0]
