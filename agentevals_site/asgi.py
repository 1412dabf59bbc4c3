"""The ASGI application: event streams, and Django for everything else."""

from __future__ import annotations

import os

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentevals_site.settings")
django.setup(set_prefix=False)

from agentevals_site.handler import Handler  # noqa: E402 - needs Django's set-up
from agentevals_site.reused_threads import ReusedThreads  # noqa: E402 - the same
from agentevals_site.routing import with_streams  # noqa: E402 - the same
from results.streaming.hub import Hub  # noqa: E402 - the same

hub = Hub()
"""What feeds the streams of this process; closing it ends them."""

application = ProtocolTypeRouter({"http": with_streams(ReusedThreads(Handler()), hub)})
