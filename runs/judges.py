"""Judges that a configuration names by their address, looked at before they are called.

The guard is at the connection (``runs.egress``), where names have become addresses. What
is written out can be refused at once, as it is for sinks and traces.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from evaluation.errors import ConfigError
from evaluation.judging.providers import BASE_URL_VARIABLE, same_place
from evaluation.values import JSONObject
from runs.egress.errors import DestinationRefusedError
from runs.egress.policy import check_url

KEYS = ("judgeBaseUrl", "judge_base_url")


def check_judge_addresses(document: JSONObject) -> None:
    """Check the addresses in a configuration that was read without a fault.

    The operator's own judge may be anywhere, also where a client names it.

    Raises:
        ConfigError: the server will not connect to one of them; ``path`` says which.
    """
    own = settings.JUDGE_ENVIRONMENT.get(BASE_URL_VARIABLE) or None
    for path, url in _addresses(document):
        if same_place(url, own):
            continue
        try:
            check_url(url, settings.ADDRESS_POLICY)
        except DestinationRefusedError as error:
            raise ConfigError(f"{path}: {error}", path=path) from error


def _addresses(document: JSONObject) -> Iterator[tuple[str, str]]:
    yield from _of(document, "")
    for name, items in document.items():
        for i, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict):
                yield from _of(item, f"{name}[{i}].")


def _of(entry: JSONObject, place: str) -> Iterator[tuple[str, str]]:
    for key in KEYS:
        if isinstance(entry.get(key), str):
            yield f"{place}{key}", entry[key].strip()
