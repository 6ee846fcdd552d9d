"""Addresses that somebody gives to make Gero call what it should not, and a network where that would be seen."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from typing import Any

import pytest

# What each tries -> URLs. All are refused when they are given: by the form, or by the literal address in them.
REFUSED_WHEN_GIVEN: dict[str, list[str]] = {
    "loopback": ["https://127.0.0.1/", "https://127.255.255.254:8443/v1", "https://localhost/", "https://[::1]/"],
    "this host": ["https://0.0.0.0/", "https://0/", "https://[::]/", "https://[0:0:0:0:0:0:0:0]/"],
    "private networks": [
        "https://10.0.0.1/",
        "https://172.31.255.1/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://[fc00::1]/",
        "https://[fd12:3456::1]/",
        "https://198.18.0.1/",
        "https://240.0.0.1/",
    ],
    "metadata": [
        "https://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://169.254.169.254/",
        "https://169.254.170.2/v2/credentials",
        "https://[fd00:ec2::254]/",
        "https://100.100.100.200/",
        "https://168.63.129.16/metadata",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://instance-data.ec2.internal/",
    ],
    "decimal": ["https://2130706433/", "https://2852039166/", "https://4294967295/"],
    "octal": ["https://0177.0.0.1/", "https://017700000001/", "https://0251.0376.0251.0376/", "https://127.0.0.01/"],
    "hexadecimal": ["https://0x7f000001/", "https://0x7f.0.0.1/", "https://0xA9FEA9FE/", "https://127.0.0.0x1/"],
    "short forms": ["https://127.1/", "https://127.0.1/", "https://10.1/", "https://169.16689662/"],
    "too long forms": ["https://127.0.0.1.0/", "https://256.0.0.1/", "https://127.0.0.256/"],
    "IPv4 in IPv6": [
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:0:127.0.0.1]/",
    ],
    "6to4": ["https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::1]/", "https://[2002:a00:1::1]/"],
    "NAT64": ["https://[64:ff9b::7f00:1]/", "https://[64:ff9b::169.254.169.254]/", "https://[64:ff9b:1::7f00:1]/"],
    "Teredo": ["https://[2001:0:a9fe:a9fe::1]/", "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/"],
    "zone ids": [
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::1%25lo]/",
        "https://[2600::1%251]/",
    ],
    "other IPv6": ["https://[ff02::1]/", "https://[100::1]/", "https://[2001:db8::1]/", "https://[fec0::1]/"],
    "user names": [
        "https://api.openai.com@127.0.0.1/",
        "https://api.openai.com:443@127.0.0.1/",
        "https://user:password@example.com/",
        "https://@127.0.0.1/",
        "https://:@example.com/",
        "https://api.openai.com%40127.0.0.1/",
        "https://api.openai.com;@127.0.0.1/",
        "https://127.0.0.1#@api.openai.com/",
    ],
    "backslashes": [
        "https://api.openai.com\\@127.0.0.1/",
        "https://127.0.0.1\\@api.openai.com/",
        "https://127.0.0.1\\.api.openai.com/",
        "https:\\\\127.0.0.1/",
        "https:/\\127.0.0.1/",
    ],
    "characters that become others": [
        "https://１２７.0.0.1/",
        "https://①②⑦.⓪.⓪.①/",
        "https://127。0。0。1/",
        "https://127｡0｡0｡1/",
        "https://ⓛocalhost/",
        "https://loc\u00adalhost/",
        "https://localhost\u200b/",
        "https://bücher.example/",
        "https://127%2e0.0.1/",
        "https://%6cocalhost/",
        "https://ʟocalhost/",
    ],
    "trailing dots": ["https://localhost./", "https://127.0.0.1./", "https://metadata.google.internal./"],
    "names of this machine": [
        "https://LOCALHOST/",
        "https://localhost.localdomain/",
        "https://a.localhost/",
        "https://printer/",
        "https://printer.local/",
        "https://nas.home.arpa/",
    ],
    "injection": [
        "https://example.com/\r\nX-Injected: 1",
        "https://example.com/ HTTP/1.1\r\nHost: 127.0.0.1",
        "https://example.com\t.evil.example/",
        "https://exam\nple.com/",
        "https://example.com/\x00",
        "https://example.com/\x85",
        "https://example.com/\u2028",
    ],
    "other schemes and forms": [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_SET",
        "unix:///var/run/docker.sock",
        "javascript:alert(1)",
        "data:text/plain,hello",
        "//127.0.0.1/",
        "https:127.0.0.1",
        "https:///127.0.0.1/",
        "https://[::1/",
        "https://::1/",
        "https://[127.0.0.1]/",
        "https://[v1.fe80]/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:-1/",
        "https://example.com:８０/",
        "https://",
        "",
    ],
}

# What a name of somebody else's may be answered with. All pass when given, and none is connected to.
PRIVATE_ANSWERS: dict[str, list[str]] = {
    "loopback": ["127.0.0.1"],
    "loopback in IPv6": ["::1"],
    "both loopbacks": ["127.0.0.1", "::1"],
    "this host": ["0.0.0.0"],
    "this host in IPv6": ["::"],
    "a private network": ["10.0.0.1", "172.16.0.1", "192.168.1.1"],
    "carrier NAT": ["100.64.0.1"],
    "metadata": ["169.254.169.254"],
    "metadata of Azure": ["168.63.129.16"],
    "metadata in IPv6": ["fd00:ec2::254"],
    "metadata, mapped": ["::ffff:169.254.169.254"],
    "metadata by NAT64": ["64:ff9b::a9fe:a9fe"],
    "metadata by 6to4": ["2002:a9fe:a9fe::1"],
    "metadata by Teredo": ["2001:0:a9fe:a9fe::1"],
    "link-local with a zone": ["fe80::1%2"],
    "multicast": ["224.0.0.1", "ff02::1"],
    "broadcast": ["255.255.255.255"],
    "compatible": ["::127.0.0.1"],
    "documentation": ["192.0.2.1", "2001:db8::1"],
}


@dataclass
class Network:
    """A network that answers names as told, and where nobody ever accepts a connection; it keeps who was tried."""

    names: dict[str, list[list[str]]] = field(default_factory=dict)
    """Name -> answers one after the other, the last one again and again. Every other name leads to this machine."""
    asked: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    reachable: str | None = None
    """The only address that accepts connections."""

    def answer(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        """As `socket.getaddrinfo` does it, also with the forms of IPv4 that C libraries understand."""
        self.asked.append(host)
        answers = self.names.get(host, [["127.0.0.1", "::1"]])
        places = [host] if _is_literal(host) else answers.pop(0) if len(answers) > 1 else answers[0]
        return [_info(place, int(port or 0)) for place in places]


def watched(monkeypatch: pytest.MonkeyPatch, **names: list[list[str]]) -> Network:
    """Put such a network under this process; the names' underscores become dots."""
    network = Network({name.replace("_", "."): answers for name, answers in names.items()})
    real = asyncio.SelectorEventLoop.sock_connect

    async def connect(loop: Any, sock: socket.socket, where: Any) -> None:
        network.connected.append(where[0])
        if where[0] != network.reachable:
            raise ConnectionRefusedError(111, "nobody listens in this network")
        await real(loop, sock, where)

    monkeypatch.setattr(socket, "getaddrinfo", network.answer)
    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", connect)
    return network


def _info(place: str, port: int) -> tuple[Any, ...]:
    place, _, zone = place.partition("%")
    if ":" in place:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (place, port, 0, int(zone or 0))
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
