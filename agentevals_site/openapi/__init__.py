"""The description of the API: operations by hand, schemas from types.

The readers of requests are no serializers that a generator could look into, and streams
are no views, so each operation is one entry of a table here. That no route is missing and
that requests and answers are as described is held by ``tests/agentevals_site/openapi``.
"""

from __future__ import annotations
