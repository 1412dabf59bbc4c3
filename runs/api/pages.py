"""The API in a browser: what there is, and a form where JSON is sent."""

from __future__ import annotations

from typing import Any

from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request

SENDING = {"POST", "PUT", "PATCH"}


class PageRenderer(BrowsableAPIRenderer):
    """The framework's pages, without forms that could not send what a view reads."""

    def show_form_for_method(
        self, view: Any, method: str, request: Request, obj: Any
    ) -> bool:
        """Offer a form to who may send, and where it is JSON that is sent."""
        if method in SENDING and not view.parser_classes:
            return False
        return bool(super().show_form_for_method(view, method, request, obj))
