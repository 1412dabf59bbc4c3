"""The ASGI application: event streams, and Django for everything else."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentevals_site.settings")
django = get_asgi_application()

from agentevals_site.reused_threads import ReusedThreads  # noqa: E402 - the same
from agentevals_site.routing import with_streams  # noqa: E402 - needs Django's set-up
from results.streaming.hub import Hub  # noqa: E402 - the same

hub = Hub()
"""What feeds the streams of this process; closing it ends them."""

application = ProtocolTypeRouter({"http": with_streams(ReusedThreads(django), hub)})
