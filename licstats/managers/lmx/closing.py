"""Closing LM-X sessions by the removal switch of `lmxendutil`.

Vendors rename and change the utility, so that its removal switch is not known here: the installation configures the
arguments. Their placeholders, each a whole argument or a part of one:

    {user} {host} {feature} {server_host} {port} {password}

`{server_host}` and `{port}` are those of the license server's address. `{password}` stays as it is: whoever runs the
command fills it in, or gives the password by the environment or standard input, where other users do not see it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from licstats.managers.addresses import split_address
from licstats.managers.arguments import safe_argument
from licstats.managers.base import Answer, CloseAnswer, Output, Target, UnsafeArgument
from licstats.managers.endings import quoted

PASSWORD = "{password}"  # noqa: S105 - the place of one
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SWITCH = re.compile(r"(?<![\w-])-{1,2}[A-Za-z][\w-]*")
_NO_SWITCH = "LM-X sessions cannot be closed: LICSTATS_LMX_REMOVE does not name the removal switch of lmxendutil."

# How a line begins that tells an error, of a tool that ends as if there were none. Other lines may name users and hosts
# that are called like an error.
_ERROR_LINE = re.compile(r"^(?:(?:XF )?Error:|There are no license server|Usage:).*", re.IGNORECASE | re.MULTILINE)

# What an error says, in order: a text that fits, how it is to be taken, and what to do. LM-X documents no texts of
# refusals, so that these are words that such a text can hardly do without.
_ANSWERS = (
    (r"usage:|unknown (?:option|command|switch|argument)|invalid (?:option|argument|parameter|command)", Answer.FAILED,
     "The tool does not take these arguments: compare LICSTATS_LMX_REMOVE with lmxendutil -help."),
    (r"unable to connect|cannot connect|connection (?:refused|reset)|no license server", Answer.FAILED,
     "The license server could not be reached: check its address and the firewall, then try again."),
    (r"\bpassword\b|authenticat|authoriz|not permitted|permission|access denied", Answer.REFUSED,
     "The license server refused the password: check LICSTATS_LMX_PASSWORD and its REMOTE_ACCESS settings."),
    (r"(?:user|client|license|feature|checkout)s? (?:was |is |were )?not found|no such (?:user|client|feature)"
     r"|does not (?:use|hold|have)", Answer.GONE,
     "The license server knows no such checkout: it has ended already."),
    (r"\bborrow(?:ed|ing)?\b", Answer.REFUSED,
     "A borrowed license cannot be taken back: it returns at its expiration."),
    (r"\berror\b|\bfailed\b|\bdenied\b|\brefused\b", Answer.FAILED, "The tool reports an error."),
)  # fmt: skip
ANSWERS = [(re.compile(pattern, re.IGNORECASE), answer, message) for pattern, answer, message in _ANSWERS]


def close_command(tool: str, target: Target, options: Sequence[str]) -> list[str]:
    """The configured arguments with the target's values in their places."""
    if not _switch(options):
        raise UnsafeArgument(_NO_SWITCH)
    port, server_host = split_address(target.address)[0]
    values = {
        "user": target.user,
        "host": target.host,
        "feature": target.feature,
        "server_host": server_host,
        "port": port,
    }
    return [tool, *[_filled(option, values) for option in options]]


def _filled(option: str, values: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        if found[0] == PASSWORD:
            return PASSWORD
        if name not in values:
            known = ", ".join([*(f"{{{name}}}" for name in values), PASSWORD])
            raise UnsafeArgument(f"LICSTATS_LMX_REMOVE has {{{name}}}, which is not known. Known are {known}.")
        if PASSWORD in values[name]:  # the password would be filled in there
            raise UnsafeArgument(f"The {name} is {values[name]!r}: it cannot be passed to the tool.")
        return safe_argument(values[name], name.replace("_", " "))

    return _PLACEHOLDER.sub(value, option)


def _switch(options: Sequence[str]) -> str:
    """The removal switch: the first argument, which the tool takes as its command."""
    return options[0] if options and _SWITCH.fullmatch(options[0]) else ""


def usage_names_switch(usage_text: str, options: Sequence[str]) -> bool:
    """Whether the tool's own usage text lists every switch of the configured arguments, the removal switch first."""
    listed = set(_SWITCH.findall(usage_text))
    switches = [option for option in options if _SWITCH.fullmatch(option)]
    return bool(_switch(options)) and listed.issuperset(switches)


def read_close(output: Output) -> CloseAnswer:
    """An end without an error is SENT, whatever names the text has: a query has to prove that the session is gone."""
    if output.failure:
        return CloseAnswer(Answer.FAILED, f"lmxendutil could not be run: {output.failure}.")
    text = _without_banner(output.text)
    error = text if output.exit_status != 0 else "\n".join(_ERROR_LINE.findall(text))
    for pattern, answer, message in ANSWERS:
        if pattern.search(error):
            return CloseAnswer(answer, f"{message} {quoted(text)}")
    if output.exit_status != 0:
        status = "was killed" if output.exit_status is None else f"ended with exit status {output.exit_status}"
        return CloseAnswer(Answer.FAILED, f"lmxendutil {status}. {quoted(text)}".rstrip())
    return CloseAnswer(Answer.SENT, quoted(text))


def _without_banner(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    banner = re.compile(r"LM-X End-user Utility.*|Copyright \(C\).*|[+-]{10,}", re.IGNORECASE)
    return "\n".join(line for line in lines if line and not banner.fullmatch(line))
