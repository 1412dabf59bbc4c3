"""Drain django-tasks-db: ``URL BACKLOG ENDED``; prints the seconds of the work."""

from __future__ import annotations

import sys
import time
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

CHUNK = 1_000


def configure(url: str) -> None:
    """Set Django up on the database of the URL."""
    parts = urlsplit(url)
    settings.configure(
        INSTALLED_APPS=["django_tasks", "django_tasks_db"],
        TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path[1:],
                "USER": parts.username or "",
                "PASSWORD": parts.password or "",
                "HOST": parts.hostname or parse_qs(parts.query).get("host", [""])[0],
                "PORT": parts.port or "",
                "CONN_MAX_AGE": None,
            }
        },
        USE_TZ=True,
    )
    django.setup()


def main(backlog: int, ended: int) -> float:
    """Fill the queue and work until enough has ended."""
    from django.core.management import call_command
    from django.db import connection
    from django_tasks import task
    from django_tasks_db.models import DBTaskResult

    global nothing  # the worker finds it by its path

    @task()
    def nothing() -> None:
        pass

    call_command("migrate", verbosity=0)
    nothing.enqueue()
    row = DBTaskResult.objects.get()
    fields = [f.attname for f in DBTaskResult._meta.concrete_fields]
    values = {name: getattr(row, name) for name in fields if name != "id"}
    for begun in range(1, backlog, CHUNK):
        count = min(CHUNK, backlog - begun)
        DBTaskResult.objects.bulk_create(DBTaskResult(**values) for _ in range(count))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    started = time.perf_counter()
    call_command(
        "db_worker", "--no-startup-delay", "--max-tasks", str(ended), verbosity=0
    )
    return time.perf_counter() - started


configure(sys.argv[1])
sys.stdout.write(f"{main(int(sys.argv[2]), int(sys.argv[3]))}\n")
