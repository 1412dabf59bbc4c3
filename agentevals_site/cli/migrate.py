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
    from django.core.management.base import CommandError

    from agentevals_site.migrating import pending_migrations, refuse_newer_database

    try:
        refuse_newer_database()
    except CommandError as error:
        raise click.ClickException(str(error)) from error
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
@click.option("--steps", type=click.IntRange(min=1), required=True, help="How many.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def down(steps: int, yes: bool) -> None:
    """Roll migrations back, newest first; the data of their tables is lost."""
    from agentevals_site.migrating import roll_back_one

    if not yes:
        click.confirm(
            f"Roll back {steps} migration(s) and lose their data?", abort=True
        )
    for step in range(steps):
        name = roll_back_one()
        if name is None:
            if not step:
                click.echo("Nothing to roll back.")
            return
        click.echo(f"Rolled back {name}")


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
