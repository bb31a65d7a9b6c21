"""What is combined: license servers, users and hosts. Any member may be in any number of groups."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from groups_app.names import NamePatterns, check_entries, entries_of
from licstats.models import LicenseServer
from licstats.names import plain_name


class LicenseServerGroup(models.Model):
    """License servers reported as if they were one; `groups_app.composition` has the rules for them."""

    name = models.CharField(max_length=100, unique=True, validators=[plain_name])
    description = models.CharField(max_length=500, blank=True)
    servers = models.ManyToManyField(LicenseServer, related_name="groups", blank=True, verbose_name="license servers")

    class Meta:
        ordering = ["name"]
        verbose_name = "license server group"

    def __str__(self) -> str:
        return self.name


class NameGroup(models.Model):
    """Users or hosts by name. `members` has a name or a pattern on each line; case does not matter."""

    name = models.CharField(max_length=100, unique=True, validators=[plain_name])
    description = models.CharField(max_length=500, blank=True)
    members = models.TextField(
        blank=True,
        validators=[check_entries],
        help_text="A name or a pattern on each line: * stands for any text, ? for one character. Case does not matter.",
    )

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def entries(self) -> list[str]:
        """The names and patterns, in their order, without empty lines and repetitions."""
        return entries_of(self.members)

    def matching(self, column: str) -> Q:
        """The condition that the text in `column` of the filtered model is a member, for `filter()`."""
        return Q(NamePatterns(models.F(column), self.entries))


class UserGroup(NameGroup):
    """Users of licenses, as license managers name them."""

    class Meta(NameGroup.Meta):
        verbose_name = "user group"


class HostGroup(NameGroup):
    """Hosts that licenses are used on, as license managers name them."""

    class Meta(NameGroup.Meta):
        verbose_name = "host group"
