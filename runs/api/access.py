"""Tokens in the REST framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from runs.access import authenticate, require, scope_of
from runs.apart import apart
from runs.models import ApiToken

if TYPE_CHECKING:  # it imports the classes of this module when it is loaded
    from rest_framework.views import APIView

CHALLENGE = 'Bearer realm="agentevals"'


async def admit(request: HttpRequest) -> None:
    """Let a request to an async view pass, as the classes below do in the framework.

    Raises:
        NotAuthenticatedError: there is no token, or it is not in force.
        ForbiddenError: the token was not made for this.
    """
    if settings.API_AUTH == "token":
        await apart(_admit, request)


def _admit(request: HttpRequest) -> None:
    token = authenticate(request.headers.get("Authorization", ""))
    require(token, scope_of(request.method or ""))


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``; who makes a request is the token itself."""

    def authenticate(self, request: Request) -> tuple[ApiToken, ApiToken] | None:
        """Return the token; None when the API is open."""
        token = authenticate(request.headers.get("Authorization", ""))
        return None if token is None else (token, token)

    def authenticate_header(self, request: Request) -> str:
        """Say how to authenticate."""
        return CHALLENGE


class TokenPermission(BasePermission):
    """Reading needs ``read``, everything else ``write``, or a view's ``required_scope``."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Pass, or say what is missing."""
        scope = getattr(view, "required_scope", None) or scope_of(request.method or "")
        token: object = request.auth
        require(token if isinstance(token, ApiToken) else None, scope)
        return True
