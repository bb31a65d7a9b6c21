"""The one step that cannot be taken back: the license manager's close command, run once for each request."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone as clock

from licstats.managers.base import Answer, CloseAnswer, Output, UnsafeArgument
from licstats.managers.decoding import REPLACEMENT
from licstats.managers.lmx.closing import PASSWORD
from licstats.models import LicenseServer
from sessions_app.closing import record, tool
from sessions_app.closing.identity import Seen
from sessions_app.models import CloseRequest, CloseState
from sessions_app.polling import command
from sessions_app.polling.rows import storable

ANSWER_LIMIT = 64 * 1024  # bytes
KILLED = "The tool did not answer and was killed, so that the removal may or may not have been sent: {failure}."


def close_command(server: LicenseServer, seen: Seen) -> list[str]:
    """The argument list that closes `seen`; UnsafeArgument where one of its values cannot be passed, or compared."""
    if storable([seen.session])[0] != seen.session:
        raise UnsafeArgument(
            "Its user, host or display is too long to be sure that it is the same session. Close it on its machine."
        )
    if any(PASSWORD in value for value in (seen.feature.name, *map(str, seen.session))):
        raise UnsafeArgument(f"A name of the license server is {PASSWORD}, which stands for something else here.")
    manager = server.license_manager
    program = settings.LICSTATS_TOOLS[manager.tool]
    argv = manager.close_command(program, seen.target(server.address), tool.options(manager))
    tool.with_secrets(argv)
    if any("\0" in argument or REPLACEMENT in argument for argument in argv):
        raise UnsafeArgument(
            "A name in the answer of the license server has a character that cannot be read, and so not be passed on."
        )
    return argv


def remove(server: LicenseServer, requests: Sequence[CloseRequest], argv: list[str]) -> None:
    """Runs `argv` once for all of `requests`, which are in `checking` and would go together.

    `removing` stands in the database before the tool is started: whatever ends this process afterwards, whoever comes
    next sees that a removal may have been sent, and sends none.
    """
    shown = [tool.without_secrets(argument) for argument in argv]
    secret = tool.with_secrets(argv)
    sent_at = clock.now()
    sending = [
        request for request in requests if record.move(request, CloseState.REMOVING, sent_at=sent_at, command=shown)
    ]
    if not sending:
        return
    output = command.run(secret, server.timeout.total_seconds(), ANSWER_LIMIT, tool.environment(argv))
    answer = _read(server, output)
    for request in sending:
        _record_answer(request, output, answer)


def _read(server: LicenseServer, output: Output) -> CloseAnswer:
    if output.failure and output.exit_status is None and not output.failure.startswith(NEVER_STARTED):
        return CloseAnswer(Answer.FAILED, KILLED.format(failure=output.failure))
    return server.license_manager.read_close(output)


NEVER_STARTED = ("not found", "no permission", "cannot be started")


def _record_answer(request: CloseRequest, output: Output, answer: CloseAnswer) -> None:
    state = CloseState.REFUSED if answer.answer is Answer.REFUSED else CloseState.VERIFYING
    message = answer.message
    if answer.answer is Answer.FAILED and output.failure.startswith(NEVER_STARTED):
        state, message = CloseState.FAILED, f"Nothing was removed: {output.failure}."
    record.move(
        request,
        state,
        tool.without_secrets(message),
        exit_status=output.exit_status,
        answered=answer.answer,
        answer=tool.without_secrets(output.text or output.failure),
    )
