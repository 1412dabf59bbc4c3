"""Which sink is sent to how."""

from __future__ import annotations

from pathlib import Path

import msgspec

from results.delivery.documents import lines
from results.delivery.outcome import Outcome
from results.delivery.streams import append, write_stdout
from results.delivery.webhook import post
from results.models import Delivery
from runs.egress.client import Client
from runs.sinks import FileSink, StdoutSink, WebhookSink, read_sink


class Sender:
    """Makes one try to deliver; called from several threads."""

    def __init__(self, client: Client, *, folder: Path | None, secret: str) -> None:
        """Keep what the sinks need."""
        self._client = client
        self._folder = folder
        self._secret = secret

    def __call__(self, delivery: Delivery) -> Outcome:
        """Deliver, or say what went wrong."""
        try:
            sink = read_sink(delivery.options)
        except msgspec.ValidationError as error:
            return Outcome(error=f"the sink's options are wrong: {error}")
        match sink:
            case StdoutSink():
                return write_stdout(lines(delivery))
            case FileSink():
                return append(sink, lines(delivery), self._folder)
            case WebhookSink():
                return post(delivery, sink, self._client, secret=self._secret)
        return Outcome(error=f"nothing delivers to the kind {delivery.sink_kind!r}")
