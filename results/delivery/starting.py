"""A deliverer as the settings describe it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from results.delivery.deliverer import Deliverer
from results.delivery.sending import Sender
from runs.egress.client import Client


@contextmanager
def delivering() -> Iterator[None]:
    """Deliver, beside whatever else the process does, until the end of the block."""
    client = Client(settings.ADDRESS_POLICY)
    sender = Sender(client, folder=settings.SINK_DIR, secret=settings.SINK_SECRET)
    deliverer = Deliverer(sender, poll_s=settings.WORKER_POLL_INTERVAL_S)
    deliverer.start()
    try:
        yield
    finally:
        deliverer.stop()
        client.close()
