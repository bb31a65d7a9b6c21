"""What one login may see. Every page, export and pick list begins with one of these.

Visibility is a login's preference; group reports ignore it, so that every login sees the same figures there.
Roles are security: what is forbidden to one of a login's roles is nowhere, nor is a group that has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, User
from django.db.models import (
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.utils.crypto import salted_hmac

from groups_app.granting import outranking
from groups_app.models import (
    ForbiddenServer,
    HiddenFeature,
    HiddenServer,
    LicenseServerGroup,
)
from licstats.models import Feature, LicenseServer, ServerReport

Login = AbstractBaseUser | AnonymousUser

NOT_IN_FULL = "Its last answer could not be read in full."


def sees_all(user: Login) -> bool:
    """Whether nothing at all is kept from `user`, as far as this request knows; see `groups_app.logins`."""
    return getattr(user, "restricted", True) is False


def forbidden_servers(user: Login) -> QuerySet[ForbiddenServer]:
    """What the roles of `user` forbid; a superuser is not limited by roles."""
    if getattr(user, "is_superuser", False):
        return ForbiddenServer.objects.none()
    return ForbiddenServer.objects.filter(role__user=user.pk)


def is_limited_by(role: Group, user: Login) -> bool:
    """Whether what is forbidden to `role` is forbidden to `user` by it."""
    return not getattr(user, "is_superuser", False) and role.user_set.filter(pk=user.pk or 0).exists()


def limited(user: Login) -> bool:
    """Whether roles keep anything from `user`; what it hides is its own choice."""
    return not sees_all(user) and forbidden_servers(user).exists()


def changeable_logins(user: Login) -> QuerySet[User]:
    """Logins that `user` may change, if it may change any: those that may see and do no more than itself."""
    if getattr(user, "is_superuser", False):
        return User.objects.all()
    theirs = ForbiddenServer.objects.filter(role__user=OuterRef(OuterRef("pk")), server=OuterRef("server"))
    return User.objects.filter(~Exists(forbidden_servers(user).exclude(Exists(theirs)))).exclude(outranking(user))


def permitted_servers(user: Login) -> QuerySet[LicenseServer]:
    """License servers that the roles of `user` let it see, hidden or not; none without a login."""
    if sees_all(user):
        return LicenseServer.objects.all()
    if not user.is_authenticated:
        return LicenseServer.objects.none()
    return LicenseServer.objects.exclude(pk__in=forbidden_servers(user).values("server"))


def visible_servers(user: Login) -> QuerySet[LicenseServer]:
    """License servers that `user` may see."""
    if sees_all(user):
        return LicenseServer.objects.all()
    hidden = HiddenServer.objects.filter(user=user.pk).values("server")
    return permitted_servers(user).exclude(pk__in=hidden)


def visible_features(user: Login) -> QuerySet[Feature]:
    """Features that `user` may see, on license servers that it may see."""
    if sees_all(user):
        return Feature.objects.all()
    hidden = HiddenFeature.objects.filter(user=user.pk, server=OuterRef("server"), name=OuterRef("name"))
    return Feature.objects.filter(Q(server__in=visible_servers(user)) & ~Exists(hidden))


def hidden_mark(user: Login) -> str:
    """Another text whenever something is hidden from `user` or shown again; empty where nothing is kept from it.

    What is hidden has a higher id than all that was hidden before: no exchange leaves both number and sum as they were.
    """
    if sees_all(user):
        return ""
    kept = (rows.filter(user=user.pk) for rows in (HiddenServer.objects, HiddenFeature.objects))
    mark = ".".join("{of}.{ids}".format(**each.aggregate(of=Count("pk"), ids=Sum("pk", default=0))) for each in kept)
    return salted_hmac("hidden", mark).hexdigest()[:16]  # how much is hidden is not for the page to say


def visible_groups(user: Login) -> QuerySet[LicenseServerGroup]:
    """License server groups that `user` may see: those without a forbidden member, hidden or not."""
    if sees_all(user):
        return LicenseServerGroup.objects.all()
    if not user.is_authenticated:
        return LicenseServerGroup.objects.none()
    forbidden = forbidden_servers(user).filter(server__groups=OuterRef("pk"))
    return LicenseServerGroup.objects.filter(~Exists(forbidden))


def not_offered(groups: Collection[LicenseServerGroup]) -> dict[int, list[str]]:
    """By the group's key, why it is not offered to roles, a sentence for each role and member; one query."""
    forbidden = ForbiddenServer.objects.annotate(group=F("server__groups")).filter(group__in=[g.pk for g in groups])
    sentences: dict[int, list[str]] = defaultdict(list)
    for row in forbidden.select_related("role", "server"):
        sentences[row.group].append(f"Not offered to the role {row.role}: it may not see {row.server}.")
    return dict(sentences)


def visible_reason(user: Login) -> Combinable:
    """Why the last query of a license server failed or is partial, in words that name nothing hidden from `user`."""
    if sees_all(user):
        return F("reason")
    hidden = HiddenFeature.objects.filter(user=user.pk, server=OuterRef("pk")).annotate(
        said=ExpressionWrapper(OuterRef("reason"), output_field=TextField())
    )
    named = Exists(hidden.filter(said__icontains=F("name")))
    return Case(When(named, then=Value(NOT_IN_FULL)), default=F("reason"), output_field=TextField())


class ShownProblems(Func):
    """Of (the problems of a license server, its id, the id of a login) those in which no hidden feature is named."""

    template = """(
        SELECT COALESCE(JSONB_AGG(problem ORDER BY place), '[]')
        FROM (SELECT %(expressions)s) given (problems, server_id, user_id),
            JSONB_ARRAY_ELEMENTS(given.problems) WITH ORDINALITY listed (problem, place)
        WHERE NOT EXISTS (
            SELECT FROM groups_app_hiddenfeature hidden
            WHERE hidden.user_id = given.user_id AND hidden.server_id = given.server_id AND STRPOS(
                UPPER(CONCAT_WS(' ', problem ->> 'feature', problem ->> 'message', problem ->> 'text')),
                UPPER(hidden.name)
            ) > 0
        )
    )"""
    output_field = JSONField()


class Length(Func):
    function = "JSONB_ARRAY_LENGTH"
    output_field = IntegerField()


def visible_reports(user: Login) -> QuerySet[Any]:
    """The reports of all license servers, with the problems that `user` may see: `shown`, and their `shown_count`."""
    if sees_all(user):
        return ServerReport.objects.annotate(shown=F("problems"), shown_count=F("problem_count"))
    shown = ShownProblems("problems", "server_id", Value(user.pk, output_field=IntegerField()))
    hidden = Length("problems") - Length(shown)
    return ServerReport.objects.annotate(shown=shown, shown_count=F("problem_count") - hidden)
