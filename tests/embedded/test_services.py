from __future__ import annotations

import pytest
from django.db import connection
from redis import Redis


@pytest.mark.django_db
def test_tests_run_on_a_real_postgresql_with_trigrams() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT similarity('license', 'licence')")
        assert cursor.fetchone()[0] > 0.3


def test_tests_run_on_a_real_redis_of_their_own(redis: Redis) -> None:
    redis.set("key", "value")
    assert redis.get("key") == b"value"
    assert redis.info("server")["tcp_port"] == 0
