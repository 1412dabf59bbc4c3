"""Making, listing and revoking the tokens of the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from runs.models import ApiToken, Scope

MAX_DAYS = 36_500


class Command(BaseCommand):
    """``api_token create|list|revoke``."""

    help = "Make, list and revoke the tokens of the API."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the three things to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a token and print it, once")
        create.add_argument("name", help="whose it is, or what for")
        create.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="read (default), write (includes read) or admin; may be repeated",
        )
        create.add_argument(
            "--days", type=int, help="days until it expires (default: never)"
        )
        actions.add_parser("list", help="show all tokens, not their texts")
        revoke = actions.add_parser("revoke", help="end a token at once")
        revoke.add_argument("prefix", help="its first part, as `list` shows it")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Do what was asked."""
        if not settings.DURABLE:
            raise CommandError(
                "AGENTEVALS_STORAGE_BACKEND is 'memory': there is nowhere to keep "
                "tokens; set it to sqlite or postgres"
            )
        actions = {"create": self._create, "list": self._list, "revoke": self._revoke}
        if ApiToken._meta.db_table not in connection.introspection.table_names():
            raise CommandError(
                "the database has no tables yet; run `agentevals migrate` first"
            )
        actions[action](options)

    def _create(self, options: dict[str, Any]) -> None:
        days = options["days"]
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--days must be a number from 1 to {MAX_DAYS}")
        if not options["name"].strip():
            raise CommandError("name the token: whose it is, or what for")
        scopes = [Scope(scope) for scope in options["scope"] or [Scope.READ]]
        lifetime = None if days is None else timedelta(days=days)
        issued = ApiToken.issue(options["name"], scopes, lifetime=lifetime)
        self.stderr.write(f"Made {issued.token}. It is shown this once:")
        self.stdout.write(issued.text)

    def _list(self, options: dict[str, Any]) -> None:
        usable = set(ApiToken.objects.usable().values_list("pk", flat=True))
        for token in ApiToken.objects.order_by("created_at", "pk"):
            state = "in force" if token.pk in usable else "ended"
            cells = (
                token.prefix,
                state,
                ",".join(token.scopes),
                f"expires {_day(token.expires_at)}",
                f"used {_day(token.last_used_at)}",
                token.name,
            )
            self.stdout.write("  ".join(cells))

    def _revoke(self, options: dict[str, Any]) -> None:
        if not ApiToken.objects.filter(prefix=options["prefix"]).revoke():
            raise CommandError(f"no token {options['prefix']} is in force")
        self.stdout.write(f"Revoked {options['prefix']}")


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
