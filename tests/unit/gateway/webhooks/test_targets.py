"""Where webhooks may lead: judged by what a name resolves to, whatever it is called."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import pytest

from dino_gateway.webhooks.targets import ForbiddenTarget, Targets, Unresolved, is_public


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch):
    """Say what names resolve to."""
    known: dict[str, list[str]] = {}

    def getaddrinfo(host: str, port: int, **_: object) -> list:
        try:
            addresses = [str(ipaddress.ip_address(host))]
        except ValueError:
            addresses = known.get(host, [])
        if not addresses:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "2002:a00:1::",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_addresses_that_are_public(address):
    assert is_public(ipaddress.ip_address(address))


async def test_a_public_name_is_taken_with_the_addresses_that_were_looked_at(resolves):
    resolves["hooks.example.com"] = ["8.8.8.8", "8.8.4.4", "8.8.8.8"]
    target = await Targets("").find("https://Hooks.Example.com:8443/a%20b?x=1")
    assert (target.scheme, target.host, target.port) == ("https", "hooks.example.com", 8443)
    assert (target.authority, target.path) == ("hooks.example.com:8443", "/a%20b?x=1")
    assert target.addresses == ("8.8.8.8", "8.8.4.4")


@pytest.mark.parametrize("hidden", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:10.0.0.1"]])
async def test_a_name_that_leads_inside_is_refused_even_beside_public_addresses(resolves, hidden):
    resolves["innocent.example.com"] = hidden
    with pytest.raises(ForbiddenTarget):
        await Targets("").find("https://innocent.example.com/")


async def test_a_name_that_changes_its_address_is_judged_anew_each_time(resolves):
    targets = Targets("")
    resolves["rebinding.example.com"] = ["8.8.8.8"]
    assert (await targets.find("https://rebinding.example.com/")).addresses == ("8.8.8.8",)
    resolves["rebinding.example.com"] = ["127.0.0.1"]
    with pytest.raises(ForbiddenTarget):
        await targets.find("https://rebinding.example.com/")


async def test_what_the_deployment_names_may_be_private_and_plain_http(resolves):
    targets = Targets("10.0.0.0/8, hooks.internal ,.svc.cluster.local,fd00::/8")
    resolves["hooks.internal"] = ["192.168.1.1"]
    resolves["a.svc.cluster.local"] = ["172.16.3.4"]
    resolves["other.internal"] = ["10.9.9.9"]
    resolves["mixed.internal"] = ["10.9.9.9", "192.168.1.1"]
    for url in (
        "http://hooks.internal/x",
        "http://a.svc.cluster.local:8080/",
        "https://other.internal/",
        "http://other.internal/",
        "http://10.2.3.4/",
        "https://[fd00::1]/",
    ):
        await targets.find(url)
    for url in ("https://mixed.internal/", "https://192.168.1.1/", "http://8.8.8.8/", "http://svc.cluster.local/"):
        with pytest.raises((ForbiddenTarget, Unresolved)):
            await targets.find(url)


async def test_plain_http_to_the_internet_is_refused(resolves):
    resolves["hooks.example.com"] = ["8.8.8.8"]
    with pytest.raises(ForbiddenTarget, match="https"):
        await Targets("").find("http://hooks.example.com/")


@pytest.mark.parametrize(
    "url",
    [
        "https://user@example.com/",
        "https://:secret@example.com/",
        "https://example.com/#fragment",
        "ftp://example.com/",
        "https://",
        "https://example.com:0/",
        "https://example.com:70000/",
        "https://[::1/",
        "https://exa%6dple.com/",
    ],
)
async def test_malformed_addresses_are_refused(resolves, url):
    resolves["example.com"] = ["8.8.8.8"]
    with pytest.raises(ForbiddenTarget):
        await Targets("").find(url)


async def test_a_name_without_address_is_told_apart(resolves):
    with pytest.raises(Unresolved):
        await Targets("").find("https://nowhere.example.com/")


async def test_a_name_that_resolves_slowly_ends_in_time(monkeypatch: pytest.MonkeyPatch):
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(*_: object, **__: object) -> list:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr("dino_gateway.webhooks.targets._RESOLVE_SECONDS", 0.05)
    with pytest.raises(Unresolved):
        await Targets("").find("https://slow.example.com/")
    release.set()
