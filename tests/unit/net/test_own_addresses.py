"""A machine's own addresses: loopback always, nothing that is not its own."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from leadglass.net import own_addresses as module
from leadglass.net.own_addresses import own_addresses


def test_loopback_is_first_and_each_address_can_be_bound() -> None:
    found = own_addresses()
    assert found[0] == "127.0.0.1"
    assert len(set(found)) == len(found)
    for address in found:
        assert not ip_address(address).is_link_local or ":" not in address
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
            sock.bind((address, 0))


def test_without_the_kernels_list_loopback_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_from_the_kernel", list)
    assert own_addresses()[0] == "127.0.0.1"


def test_a_list_cut_short_is_read_as_far_as_it_goes() -> None:
    message = bytes.fromhex("280000001400000001000000000000000208fe0001000000080001007f000001080002007f000001")
    for end in range(len(message)):
        for _, body in module._messages(message[:end]):
            if len(body) >= 8:
                list(module._address(body))
    [(kind, body)] = module._messages(message)
    assert kind == 20
    assert list(module._address(body)) == ["127.0.0.1"]


def test_a_name_that_means_another_host_does_not_make_it_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_NETLINK", raising=False)
    somebodys = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("192.0.2.77", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: somebodys)
    assert "192.0.2.77" not in own_addresses()
