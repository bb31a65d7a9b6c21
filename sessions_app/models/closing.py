"""Close requests: who wanted which session closed, how far that is, what came of it, and every step of it.

A request outlives everything that it names: it keeps session, license server and login as text, too.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from licstats.models import Feature, LicenseServer


class CloseState(models.TextChoices):
    """How far a request is. The first four are under way, the others are ends."""

    REQUESTED = "requested", "requested"
    CHECKING = "checking", "checking"
    REMOVING = "removing", "removing"
    VERIFYING = "verifying", "verifying"
    CLOSED = "closed", "closed"
    ALREADY_GONE = "already_gone", "already gone"
    REFUSED = "refused", "refused"
    FAILED = "failed", "failed"
    TIMED_OUT = "timed_out", "timed out"
    TAKEN_AGAIN = "taken_again", "taken again"
    DRY_RUN = "dry_run", "dry run"


UNDER_WAY = (CloseState.REQUESTED, CloseState.CHECKING, CloseState.REMOVING, CloseState.VERIFYING)

# From each state, the ones that may follow. Nothing leads back from `removing`: a removal is never repeated.
FOLLOWS: dict[str, frozenset[str]] = {
    CloseState.REQUESTED: frozenset({CloseState.CHECKING, CloseState.REFUSED, CloseState.FAILED, CloseState.TIMED_OUT}),
    CloseState.CHECKING: frozenset(
        {
            CloseState.REQUESTED,
            CloseState.REMOVING,
            CloseState.ALREADY_GONE,
            CloseState.REFUSED,
            CloseState.FAILED,
            CloseState.TIMED_OUT,
            CloseState.DRY_RUN,
        }
    ),
    CloseState.REMOVING: frozenset({CloseState.VERIFYING, CloseState.REFUSED, CloseState.FAILED, CloseState.TIMED_OUT}),
    CloseState.VERIFYING: frozenset(
        {
            CloseState.CLOSED,
            CloseState.ALREADY_GONE,
            CloseState.FAILED,
            CloseState.TIMED_OUT,
        }
    ),
    CloseState.CLOSED: frozenset({CloseState.TAKEN_AGAIN}),
}


class CloseRequest(models.Model):
    """One session that somebody wants closed. Its session's fields are those of the preview."""

    session_id = models.BigIntegerField()
    server = models.ForeignKey(LicenseServer, null=True, on_delete=models.SET_NULL, related_name="+")
    feature = models.ForeignKey(Feature, null=True, on_delete=models.SET_NULL, related_name="+")
    server_name = models.TextField()
    vendor = models.TextField()
    feature_name = models.TextField()
    feature_version = models.TextField(blank=True)
    type = models.TextField(blank=True)
    user = models.TextField()
    host = models.TextField()
    ip = models.TextField(blank=True)
    display = models.TextField(blank=True)
    version = models.TextField(blank=True)  # the one checked out
    server_host = models.TextField(blank=True)
    port = models.TextField(blank=True)
    handle = models.TextField(blank=True)
    used = models.BigIntegerField()
    checked_out_at = models.DateTimeField(null=True)
    also = models.JSONField(default=list)  # what the preview said goes with it: identities as in closing.identity

    login = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    login_name = models.TextField()
    origin = models.TextField()  # "page" or "command line"
    reason = models.TextField(blank=True)
    dry_run = models.BooleanField(default=False)

    state = models.CharField(max_length=20, choices=CloseState, default=CloseState.REQUESTED)
    requested_at = models.DateTimeField()
    moved_at = models.DateTimeField()  # when it came into its state
    ended_at = models.DateTimeField(null=True)
    taken_again_at = models.DateTimeField(null=True)
    attempt = models.UUIDField(null=True)  # who works on it; a new one for each attempt
    sent_at = models.DateTimeField(null=True)  # when the tool was about to be started
    command = models.JSONField(default=list)  # its argument list, secrets taken out
    exit_status = models.IntegerField(null=True)
    answered = models.CharField(max_length=10, blank=True)  # how the answer is taken: managers.base.Answer
    answer = models.TextField(blank=True)  # of the tool, word for word, secrets taken out
    message = models.TextField(blank=True)  # what happened and what to do, in a sentence

    class Meta:
        ordering = ["-requested_at", "-pk"]
        permissions = [("close_session", "Can close sessions on license servers")]
        constraints = [
            models.UniqueConstraint(
                fields=["session_id"],
                condition=Q(state__in=UNDER_WAY),
                name="one_close_under_way_for_a_session",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNDER_WAY, ended_at__isnull=True)
                | (~Q(state__in=UNDER_WAY) & Q(ended_at__isnull=False)),
                name="a_close_that_ended_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CloseState.REMOVING, CloseState.VERIFYING])
                | Q(sent_at__isnull=False, attempt__isnull=False),
                name="a_removal_is_known_before_it_is_made",
            ),
        ]
        indexes = [
            models.Index(fields=["server"], condition=Q(state__in=UNDER_WAY), name="closes_under_way"),
            models.Index(
                fields=["server", "ended_at"],
                condition=Q(state=CloseState.CLOSED),
                name="closes_that_may_return",
            ),
            models.Index(fields=["requested_at", "id"], name="closes_by_time"),
        ]

    def __str__(self) -> str:
        return f"close of {self.user}@{self.host} {self.feature_name} on {self.server_name}"

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY


class CloseEvent(models.Model):
    """A step of a request, or an attempt that was turned away before there was one.

    Never changed, never deleted: a trigger in the database sees to it.
    """

    request = models.ForeignKey(CloseRequest, null=True, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    step = models.CharField(max_length=20)  # a CloseState, or "turned_away"
    by = models.TextField()  # a login's name, or the worker
    message = models.TextField(blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = "close event"

    def __str__(self) -> str:
        return f"{self.step} by {self.by}"


class ClosingTool(models.Model):
    """Whether a site's tool was found able to close sessions, for managers whose switch for it is configured.

    `digest` is of the tool's path and the configured arguments: another configuration is another row.
    """

    site = models.CharField(max_length=50)
    manager = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    works = models.BooleanField()
    message = models.TextField()  # what was found, and what to do
    checked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "manager", "digest"], name="one_check_of_a_closing_tool")
        ]

    def __str__(self) -> str:
        return f"{self.manager} at {self.site}"
