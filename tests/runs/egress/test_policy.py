"""Which addresses a client may send the server to."""

from __future__ import annotations

import ipaddress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.egress.errors import DestinationRefusedError
from runs.egress.policy import AddressPolicy, check_url, is_public

NOBODY = AddressPolicy()
INTERNAL = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "2001:0:53aa:64c::1",
]


@pytest.mark.parametrize("address", INTERNAL)
def test_an_address_of_the_inside_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses())
def test_nothing_private_is_ever_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(address):
        assert not address.is_private
        assert not address.is_loopback
        assert not address.is_link_local
        assert not address.is_multicast
        assert not address.is_unspecified


def test_the_operator_opens_names_addresses_and_networks() -> None:
    policy = AddressPolicy.parse(["jaeger.internal", "10.1.0.0/16", "[::1]"])

    assert policy.allows("JAEGER.internal.", ip_address("192.168.0.5"))
    assert policy.allows("other", ip_address("10.1.2.3"))
    assert policy.allows("other", ip_address("::1"))
    assert not policy.allows("other", ip_address("10.2.0.1"))
    assert not policy.allows("evil-jaeger.internal", ip_address("192.168.0.5"))


@pytest.mark.parametrize("word", ["a b", "http://x", "10.0.0.0/99", "*.internal"])
def test_a_word_that_opens_nothing_is_an_error(word: str) -> None:
    with pytest.raises(ValueError, match="no host name"):
        AddressPolicy.parse([word])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/x",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://user:pass@example.com/",
        "http://example.com@127.0.0.1/",
        "http://example.com:99999/",
        "http://[::1",
        "http://exa mple.com/",
        "http://example.com/\r\nX: 1",
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://example.com/" + "a" * 2048,
    ],
)
def test_a_url_that_leads_nowhere_good_is_refused(url: str) -> None:
    with pytest.raises(DestinationRefusedError):
        check_url(url, NOBODY)


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://example.com:8443/a?b=c", "http://1.1.1.1/x"]
)
def test_a_url_of_the_internet_is_taken(url: str) -> None:
    assert check_url(url, NOBODY).geturl() == url


@given(st.text())
def test_any_text_is_taken_or_refused_and_nothing_else(text: str) -> None:
    try:
        parts = check_url(text, NOBODY)
    except DestinationRefusedError:
        return
    assert parts.scheme in {"http", "https"}
    assert parts.hostname
