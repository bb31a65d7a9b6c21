"""The one step that cannot be taken back: the license manager's close command, run once for each request."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone as clock

from licstats.managers.base import Answer, CloseAnswer, Output, UnsafeArgument
from licstats.managers.decoding import REPLACEMENT
from licstats.managers.lmx.closing import PASSWORD
from licstats.models import LicenseServer
from sessions_app.closing import record, tool
from sessions_app.closing.identity import Seen
from sessions_app.closing.record import Step
from sessions_app.models import CloseRequest, CloseState
from sessions_app.polling import command
from sessions_app.polling.rows import storable

ANSWER_LIMIT = 64 * 1024  # bytes
AT_ONCE = 5  # commands to one license server, whose vendor daemons take one after another anyway
NEVER_STARTED = ("not found", "no permission", "cannot be started")  # how such failures of the tool begin
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


@dataclass(slots=True)
class Removal:
    """One close command for `requests`, which are in `checking` and would go together: begun, run, recorded."""

    server: LicenseServer
    requests: list[CloseRequest]
    argv: list[str]

    def beginning(self, sent_at: datetime) -> list[Step]:
        fields = {"sent_at": sent_at, "command": [tool.without_secrets(argument) for argument in self.argv]}
        return [Step(request, CloseState.REMOVING, fields=fields) for request in self.requests]

    def run(self) -> Output:
        """Without the database, so that several may run at the same time."""
        timeout = self.server.timeout.total_seconds()
        return command.run(tool.with_secrets(self.argv), timeout, ANSWER_LIMIT, tool.environment(self.argv))

    def answered(self, output: Output) -> list[Step]:
        """The answer, word for word, and what it means."""
        answer = self._read(output)
        state = CloseState.REFUSED if answer.answer is Answer.REFUSED else CloseState.VERIFYING
        message = answer.message
        if output.failure.startswith(NEVER_STARTED):
            state, message = CloseState.FAILED, f"Nothing was removed: {output.failure}."
        fields = {
            "exit_status": output.exit_status,
            "answered": answer.answer,
            "answer": tool.without_secrets(output.text or output.failure),
        }
        return [Step(request, state, tool.without_secrets(message), fields) for request in self.requests]

    def _read(self, output: Output) -> CloseAnswer:
        if output.failure:
            return CloseAnswer(Answer.FAILED, KILLED.format(failure=output.failure))
        return self.server.license_manager.read_close(output)


def remove_all(removals: Sequence[Removal]) -> None:
    """Runs each of them once, at the same time: who closes a row of many does not wait for one after another."""
    begun = _begin(removals)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        outputs = list(threads.map(Removal.run, begun))
    answers = zip(begun, outputs, strict=True)
    record.move_all([step for removal, output in answers for step in removal.answered(output)])


def _begin(removals: Sequence[Removal]) -> list[Removal]:
    """`removing` stands in the database before a tool is started; those are left out that nobody wants any more.

    Whatever ends this process afterwards, whoever comes next sees that a removal may have been sent, and sends none.
    """
    sent_at = clock.now()
    begun = {request.pk for request in record.move_all([step for one in removals for step in one.beginning(sent_at)])}
    for removal in removals:
        removal.requests = [request for request in removal.requests if request.pk in begun]
    return [removal for removal in removals if removal.requests]
