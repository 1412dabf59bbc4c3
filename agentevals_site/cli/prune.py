"""``agentevals prune``: delete runs that ended long ago."""

from __future__ import annotations

from datetime import timedelta

import click

from agentevals_site.environment import MAX_DAYS


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, MAX_DAYS),
    help="Keep what ended in so many days; AGENTEVALS_RETENTION_DAYS by default.",
)
@click.option("--dry-run", is_flag=True, help="Say how many would be deleted.")
def prune(days: int | None, dry_run: bool) -> None:
    """Delete runs that ended long ago, their results, and traces that only they have."""
    from agentevals_site.cli.django import start_django

    start_django()
    from django.conf import settings

    if not settings.DURABLE:
        raise click.ClickException(
            "nothing is stored: AGENTEVALS_STORAGE_BACKEND is 'memory'; set it to the "
            "backend whose runs are to be deleted"
        )
    age = timedelta(days=days) if days else settings.RETENTION
    if age is None:
        raise click.UsageError(
            "say how old: --days N, or set AGENTEVALS_RETENTION_DAYS"
        )
    click.echo(_count(age) if dry_run else _delete(age))


def _count(age: timedelta) -> str:
    from runs.models import Run

    return f"Would delete {Run.objects.ended_before(age).count()} run(s)."


def _delete(age: timedelta) -> str:
    from runs.retention import prune_all

    return f"Deleted {prune_all(age)} run(s)."
