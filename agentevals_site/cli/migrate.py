"""``agentevals migrate``: the schema, up, down and where it stands."""

from __future__ import annotations

import os

import click


@click.group(invoke_without_command=True)
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database's schema up to date."""
    from agentevals_site.cli.django import start_django

    named = os.environ.get("AGENTEVALS_DATABASE_URL") or os.environ.get(
        "AGENTEVALS_DATABASE_URL_FILE"
    )
    if named:
        os.environ.setdefault("AGENTEVALS_STORAGE_BACKEND", "postgres")
    start_django()
    from django.conf import settings

    if not settings.DURABLE:
        raise click.ClickException(
            "AGENTEVALS_DATABASE_URL is required for migrations "
            "(or AGENTEVALS_STORAGE_BACKEND=sqlite)"
        )
    if context.invoked_subcommand is None:
        context.invoke(up)


@migrate.command()
@click.option("--dry-run", is_flag=True, help="Say what would be applied.")
def up(dry_run: bool = False) -> None:
    """Apply what is missing."""
    from django.core.management import call_command

    from agentevals_site.migrating import pending_migrations

    pending = pending_migrations()
    if not pending:
        click.echo("Nothing to apply.")
        return
    if not dry_run:
        call_command("migrate", verbosity=0, interactive=False)
    verb = "Would apply" if dry_run else "Applied"
    for name in pending:
        click.echo(f"{verb} {name}")


@migrate.command()
def version() -> None:
    """Say which migration each application is at."""
    from agentevals_site.migrating import applied_migrations, pending_migrations

    applied = applied_migrations()
    if not applied:
        click.echo("schema not initialized (no migrations applied)")
        return
    for app, name in applied.items():
        click.echo(f"{app}={name}")
    for name in pending_migrations():
        click.echo(f"pending: {name}")
