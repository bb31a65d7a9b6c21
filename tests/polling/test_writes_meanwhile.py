"""What others write while a reading is being stored: who has to wait for it, and who has not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections

from groups_app.models import HiddenServer, LicenseServerGroup
from licstats.managers.reading import Reading
from licstats.models import LicenseServer
from sessions_app.closing import record
from sessions_app.polling import ingest
from tests.factories import LicenseServerFactory, UserFactory
from tests.polling.readings import complete, feature, session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Stores a reading, and in the middle of it lets another connection do something; raises what that raised."""

    def elsewhere(write: Callable[[], object]) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '500ms'")
            write()
        finally:
            connections.close_all()

    def store_and(write: Callable[[], object]) -> None:
        store = ingest.store_report

        def late(server_id: int, reading: Reading) -> bool:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(elsewhere, write).result()
            return store(server_id, reading)

        monkeypatch.setattr(ingest, "store_report", late)
        ingest.ingest(LicenseServer.objects.get(), complete(0, feature("solver", session("ada"))))

    return store_and


def test_hiding_and_grouping_a_license_server_do_not_wait(meanwhile: Callable[[Callable[[], object]], None]) -> None:
    server, login, group = LicenseServerFactory(), UserFactory(), LicenseServerGroup.objects.create(name="XF")

    def write() -> None:
        HiddenServer.objects.create(user=login, server=server)
        group.servers.add(server)

    meanwhile(write)
    assert (HiddenServer.objects.count(), group.servers.count()) == (1, 1)


def test_a_close_that_shows_the_grids_anew_waits(meanwhile: Callable[[Callable[[], object]], None]) -> None:
    server = LicenseServerFactory()
    with pytest.raises(OperationalError, match="lock timeout"):
        meanwhile(lambda: record.show_anew(server.pk))


def test_a_license_server_is_not_deleted_under_its_reading(
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    LicenseServerFactory()
    with pytest.raises(OperationalError, match="lock timeout"):
        meanwhile(lambda: LicenseServer.objects.all().delete())
