"""Fleet files that are applied, or refused."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from groups_app.models import LicenseServerGroup, UserGroup
from licstats.models import LicenseServer


def apply(folder: Path, text: str) -> str:
    path = folder / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    out = StringIO()
    call_command("fleet", "apply", str(path), stdout=out)
    return out.getvalue()


def refused(folder: Path, text: str) -> str:
    """The message with which the file is refused; nothing of it may be applied."""
    before = LicenseServer.objects.count(), LicenseServerGroup.objects.count(), UserGroup.objects.count()
    with pytest.raises(CommandError) as raised:
        apply(folder, text)
    assert before == (
        LicenseServer.objects.count(),
        LicenseServerGroup.objects.count(),
        UserGroup.objects.count(),
    )
    return str(raised.value)
