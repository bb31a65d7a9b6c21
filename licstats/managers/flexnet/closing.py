"""Closing FlexNet sessions by `lmutil lmremove`.

By handle it ends the one checkout (and what is grouped with it); by user, host and display every checkout that fits, so
that this form is used only where the report prints no handle. All values are those of the status report.
"""

from __future__ import annotations

import re

from licstats.managers.arguments import safe_argument
from licstats.managers.base import Answer, CloseAnswer, Output, Target, UnsafeArgument
from licstats.managers.endings import quoted
from licstats.managers.flexnet.errors import advice, error_code, exit_code

REFUSED = frozenset({53, 63, 64, 85, 92, 100, 119})
GONE = frozenset({5, 18, 41})
_BANNER = re.compile(r"\S+ - Copyright \(c\).*|\[Detecting .*", re.IGNORECASE)

# Texts of tools that print no code, as the code that they stand for.
_TEXTS = (
    (r"not a license administrator|not an? (?:authorized )?administrator", 63),
    (r"minimum lmremove interval|before the minimum", 64),
    (r"cannot remove a linger|linger license", 100),
    (r"never checked out|no such (?:handle|checkout)|not currently checked out", 41),
    (r"does(?:n't| not) support this request|lmremove (?:is )?disabled|disabled .*lmremove|not allowed|"
     r"allowlicensereclaim", 85),
    (r"does(?:n't| not) support this feature", 18),
    (r"no such feature", 5),
    (r"cannot connect|connection (?:refused|reset|timed out)", 15),
    (r"cannot read data|cannot write data", 16),
    (r"vendor daemon is down", 97),
    (r"machine is down|not responding|lmgrd is not running", 96),
    (r"invalid parameter", 42),
)  # fmt: skip
TEXTS = [(re.compile(pattern, re.IGNORECASE), code) for pattern, code in _TEXTS]
_USAGE = re.compile(r"^\s*usage:", re.IGNORECASE | re.MULTILINE)
_ERROR = re.compile(r"\berror\b|\bfailed\b|\binvalid\b|\bdenied\b|\bunable\b", re.IGNORECASE)


def close_command(tool: str, target: Target) -> list[str]:
    """The argument list; UnsafeArgument where lmremove could take a value for something else."""
    feature = safe_argument(target.feature, "feature")
    command = [tool, "lmremove", "-c", target.address]
    if target.handle:
        if not target.port.isdecimal():
            raise UnsafeArgument(
                f"The report prints {target.port[:40]!a} in the place of the port of the license server, "
                "which is needed to close by handle. Close the session there by hand."
            )
        server_host = safe_argument(target.server_host, "server host")
        return [*command, "-h", feature, server_host, target.port, safe_argument(target.handle, "handle")]
    user, host = safe_argument(target.user, "user"), safe_argument(target.host, "host")
    return [*command, feature, user, host, safe_argument(target.display, "display")]


def read_close(output: Output) -> CloseAnswer:
    """What lmremove's answer means. One that tells no error is SENT: a query has to prove that the session is gone."""
    if output.failure:
        return CloseAnswer(Answer.FAILED, f"lmremove could not be run: {output.failure}.")
    lines = [line.strip() for line in output.text.splitlines()]
    text = "\n".join(line for line in lines if line and not _BANNER.fullmatch(line))
    if _USAGE.search(text):
        return CloseAnswer(
            Answer.FAILED, "lmremove printed its usage: this lmutil does not take these arguments. Use a newer one."
        )
    code = error_code(text) or next((code for pattern, code in TEXTS if pattern.search(text)), None)
    code = code or exit_code(output.exit_status)
    if code:
        return _coded(code, text)
    if output.exit_status is None:
        return CloseAnswer(Answer.FAILED, "lmremove was killed before it ended.")
    if output.exit_status or _ERROR.search(text):
        return CloseAnswer(
            Answer.FAILED, f"lmremove ended with exit status {output.exit_status}. {quoted(text)}".strip()
        )
    return CloseAnswer(Answer.SENT, quoted(text))


def _coded(code: int, text: str) -> CloseAnswer:
    answer = Answer.REFUSED if code in REFUSED else Answer.GONE if code in GONE else Answer.FAILED
    told = advice(code)
    sentence = f"{told[0].upper()}{told[1:]} (-{code})." if told else f"lmremove reports error -{code}."
    return CloseAnswer(answer, f"{sentence} {quoted(text)}".strip())
