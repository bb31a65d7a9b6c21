"""How each login likes its grids: columns, order and rows a page."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class GridPreference(models.Model):
    """What one login chose for one grid, as the grid's own parameters; used where the URL says nothing.

    `grid` is its name, and for rows that are added up how: "sessions", "sessions by feature,user".
    """

    login = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    grid = models.CharField(max_length=50)
    choices = models.JSONField(default=dict)  # {"columns": "user,used", "sort": "-used", "per_page": "50"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["login", "grid"], name="one_preference_for_each_grid")]

    def __str__(self) -> str:
        return f"{self.grid} of {self.login}"
