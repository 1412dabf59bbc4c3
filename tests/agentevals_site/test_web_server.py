"""What a client hears of a server that ends while its request is worked on."""

from __future__ import annotations

from typing import Any

import pytest

from agentevals_site.cli.web_server import cut_off


class Request:
    """A request of Daphne's, as far as it is spoken to."""

    def __init__(self, *, has_begun: bool) -> None:
        self._response_started = has_begun
        self.said: list[Any] = []

    def send_disconnect(self) -> None:
        self.said.append("disconnected")

    def basic_error(self, status: int, phrase: bytes, text: str) -> None:
        self.said.append(status)


@pytest.mark.parametrize(("has_begun", "said"), [(False, 503), (True, "disconnected")])
def test_who_has_no_answer_gets_one_and_who_has_its_begin_no_other(
    has_begun: bool, said: Any
) -> None:
    request = Request(has_begun=has_begun)

    cut_off(request)

    assert request.said == [said]
