"""Values that came from a license server, or from a user's machine, as arguments of a tool."""

from __future__ import annotations

from licstats.managers.base import UnsafeArgument

LONGEST = 255


def safe_argument(value: str, what: str) -> str:
    """`value` itself; UnsafeArgument where a tool could take it for something else. `what` names it in the message.

    A tool is started from an argument list, so that no shell reads the value: only what the tool itself could take as
    an option, or cannot be passed at all, is refused.
    """
    problem = _problem(value)
    if problem:
        shown = ascii(value[:40])
        raise UnsafeArgument(f"The {what} {shown} {problem}: it cannot be passed to the tool. Close it there by hand.")
    return value


def _problem(value: str) -> str:
    if not value.strip():
        return "is empty"
    if len(value) > LONGEST:
        return f"has {len(value)} characters, more than {LONGEST}"
    if value.startswith("-"):
        return "begins with '-', as an option does"
    if any(not character.isprintable() for character in value):
        return "holds a character that is not printable"
    return ""
