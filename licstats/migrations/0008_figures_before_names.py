from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# PostgreSQL takes a row apart from its first column to the last one that is asked for: what groups add up comes first,
# what is as wide in each row before what is not.
COLUMNS = (
    "id", "server_id", "total", "used", "kind", "expired", "last_listed_at",
    "place", "version_listed", "permanent", "adds_up", "borrowed", "reserved", "queued", "denied", "expires", "since",
    "vendor", "name", "version", "type", "reservations", "queue",
)  # fmt: skip
COMPUTED = "kind"

# What takes away the hold that others have on the table, and what brings it back; apps that come later have some, too.
HOLDS = """
SELECT FORMAT('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
    FORMAT('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, PG_GET_CONSTRAINTDEF(oid))
FROM pg_constraint
WHERE confrelid = 'licstats_feature'::regclass AND conparentid = 0 -- partitions have theirs from their table
UNION ALL
SELECT FORMAT('DROP TRIGGER %I ON licstats_feature', tgname), PG_GET_TRIGGERDEF(oid)
FROM pg_trigger
WHERE tgrelid = 'licstats_feature'::regclass AND NOT tgisinternal
UNION ALL
SELECT FORMAT('REVOKE %s ON licstats_feature FROM %s', privilege_type, grantee),
    FORMAT('GRANT %s ON licstats_feature TO %s', privilege_type, grantee)
FROM (
    SELECT given.privilege_type, CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE given.grantee::regrole::text END AS grantee
    FROM pg_class, ACLEXPLODE(relacl) given
    WHERE pg_class.oid = 'licstats_feature'::regclass AND given.grantee <> relowner
) privileges
"""


def rebuild(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The same table with its columns in order: PostgreSQL cannot move one."""
    feature = apps.get_model("licstats", "Feature")
    feature._meta.local_fields.sort(key=lambda field: COLUMNS.index(field.column))
    stored = ", ".join(column for column in COLUMNS if column != COMPUTED)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("LOCK TABLE licstats_feature IN ACCESS EXCLUSIVE MODE")
        cursor.execute(HOLDS)
        holds = cursor.fetchall()
        cursor.execute("SELECT last_value, is_called FROM licstats_feature_id_seq")
        last_id = cursor.fetchone()
        cursor.execute("CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM licstats_feature")
        for release, _restore in holds:
            cursor.execute(release)
        cursor.execute("DROP TABLE licstats_feature")
        schema_editor.create_model(feature)
        cursor.execute(f"INSERT INTO licstats_feature ({stored}) SELECT {stored} FROM kept ORDER BY id")
        cursor.execute("SELECT SETVAL('licstats_feature_id_seq', %s, %s)", last_id)
        for _release, restore in holds:
            cursor.execute(restore)
        cursor.execute("ANALYZE licstats_feature")


class Migration(migrations.Migration):
    """Groups of hundreds of license servers are merged in little more than half the time."""

    dependencies = [
        ("licstats", "0007_feature_expired"),
    ]

    operations = [migrations.RunPython(rebuild, migrations.RunPython.noop)]
