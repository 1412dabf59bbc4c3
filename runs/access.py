"""Who may use the API: everybody, or whoever has a token with the right scope.

For whatever serves a request, in the framework or beside it.
"""

from __future__ import annotations

from django.conf import settings

from runs.errors import ForbiddenError, NotAuthenticatedError
from runs.models import ApiToken, Scope

SCHEME = "bearer"
READING = {"GET", "HEAD", "OPTIONS"}


def scope_of(method: str) -> Scope:
    """Return the scope that a request needs: to look, or to do."""
    return Scope.READ if method in READING else Scope.WRITE


def authenticate(authorization: str) -> ApiToken | None:
    """Return the token of an ``Authorization`` header; None when no token is needed.

    Raises:
        NotAuthenticatedError: there is none, or it is not in force.
    """
    if settings.API_AUTH == "open":
        return None
    scheme, _, text = authorization.strip().partition(" ")
    if scheme.lower() != SCHEME or not text.strip():
        raise NotAuthenticatedError(
            "this server needs a token: send `Authorization: Bearer <token>`"
        )
    token = ApiToken.objects.of(text.strip())
    if token is None:
        raise NotAuthenticatedError("the token is unknown, expired or revoked")
    token.touch()
    return token


def require(token: ApiToken | None, scope: Scope) -> None:
    """Let a request pass that may do what ``scope`` says, or any when the API is open.

    Raises:
        NotAuthenticatedError: nobody has asked for the token.
        ForbiddenError: the token was not made for that.
    """
    if settings.API_AUTH == "open":
        return
    if token is None:
        raise NotAuthenticatedError("this server needs a token")
    if not token.allows(scope):
        raise ForbiddenError(
            f"this token has the scope {', '.join(token.scopes)} and the request needs "
            f"{scope.value}"
        )
