"""Tokens that people and programs use the API with."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar, NamedTuple, Self

from django.db import models
from django.db.models import Q

from runs.models.clock import Now, from_now

PREFIX_BYTES = 5
SECRET_BYTES = 32
MARK = "aev"
# A token in constant use writes its time of use this often.
TOUCH_INTERVAL = timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a token may do; each scope includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Issued(NamedTuple):
    """A new token, and its text, which nobody can ever see again."""

    token: ApiToken
    text: str


# What was never a token is not looked up.
SPELLING = re.compile(r"[a-z]+_[0-9a-f]+_[0-9a-f]+")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Chainable ways to say which tokens."""

    def usable(self) -> Self:
        """Keep what is neither revoked nor expired, by the database's clock."""
        unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=Now())
        return self.filter(unexpired, revoked_at__isnull=True)

    def of(self, text: str) -> ApiToken | None:
        """Return the usable token that this text is."""
        if not SPELLING.fullmatch(text):
            return None
        prefix = text.rpartition("_")[0]
        token = self.usable().filter(prefix=prefix).first()
        matches = token is not None and hmac.compare_digest(token.hash, digest(text))
        return token if matches else None

    def revoke(self) -> int:
        """End tokens at once; return how many were in force."""
        return self.filter(revoked_at__isnull=True).update(revoked_at=Now())


class ApiToken(models.Model):
    """A token: a prefix to find it by, a hash to check it with, never the token.

    Its text has 256 random bits, so that a plain SHA-256 is enough: there is nothing to
    guess, and no slow hash to make every request wait.
    """

    prefix = models.CharField(max_length=32, unique=True)
    hash = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    scopes = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    # What the framework asks of whoever makes a request.
    is_authenticated: ClassVar = True

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        db_table = "api_token"
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @classmethod
    def issue(
        cls, name: str, scopes: Iterable[Scope], *, lifetime: timedelta | None = None
    ) -> Issued:
        """Make a token; its text is in the answer and nowhere else."""
        prefix = f"{MARK}_{secrets.token_hex(PREFIX_BYTES)}"
        # Without "_", which ends the prefix.
        text = f"{prefix}_{secrets.token_hex(SECRET_BYTES)}"
        token = cls.objects.create(
            prefix=prefix,
            hash=digest(text),
            name=name,
            scopes=sorted({scope.value for scope in scopes}),
            expires_at=None if lifetime is None else from_now(lifetime),
        )
        token.refresh_from_db()
        return Issued(token, text)

    def allows(self, scope: Scope) -> bool:
        """Whether one of the token's scopes includes ``scope``."""
        order = list(Scope)
        included = order[order.index(scope) :]
        return any(wider.value in self.scopes for wider in included)

    def touch(self) -> None:
        """Note that the token was used, not more often than ``TOUCH_INTERVAL``."""
        stale = Q(last_used_at__isnull=True)
        stale |= Q(last_used_at__lt=from_now(-TOUCH_INTERVAL))
        # Looked at first: on SQLite an update that changes nothing locks the file too.
        mine = ApiToken.objects.filter(stale, pk=self.pk)
        if mine.exists():
            mine.update(last_used_at=Now())


def digest(text: str) -> str:
    """Return what is stored of a token's text."""
    return hashlib.sha256(text.encode()).hexdigest()
