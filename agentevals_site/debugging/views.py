"""The debug endpoints; where tokens are demanded, for administrators only."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentevals_site.debugging.bundle import make_bundle, read_report
from runs.api.files import saved_as
from runs.api.uploads import read_form
from runs.api.views import read_body
from runs.errors import LiveModeDisabledError
from runs.models import Scope


class BundleView(APIView):
    """What a bug report needs, as a ZIP file."""

    required_scope = Scope.ADMIN

    def post(self, request: Request) -> HttpResponse:
        """Pack what the client tells together with what the server knows."""
        bundle = make_bundle(read_report(read_body(request)))
        return HttpResponse(
            bundle.content,
            content_type="application/zip",
            headers=saved_as(bundle.name),
        )


class LoadView(APIView):
    """Sessions of a bug report; this server keeps none."""

    required_scope = Scope.ADMIN
    parser_classes = ()  # it reads forms with files by itself

    def post(self, request: Request) -> Response:
        """Refuse, once the request itself is as it should be."""
        with read_form(request) as form:
            form.require(files=["file"])
        raise LiveModeDisabledError
