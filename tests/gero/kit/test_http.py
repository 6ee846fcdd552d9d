import datetime
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gero.kit import Invalid, UpstreamFailed, address, http
from tests.hub_server import answering, reply

NAME = "models.example.com"


def get(url: str, *, trusted: str = "https://nobody.example.com", seconds: float = 10) -> bytes:
    with http.failures("url", "the server"), http.client("url", seconds=seconds, trusted=trusted) as client:
        return client.get(url).content


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("GERO_PRIVATE_NETWORKS", raising=False)
    with answering(lambda request: reply(request, 200, b"hello")) as url:
        yield url


def test_a_private_address_is_called_only_where_that_is_allowed(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match=r"url: 127\.0\.0\.1 leads to a private address") as refused:
        get(server)
    assert (refused.value.code, refused.value.details) == ("private_address", {"field": "url"})
    assert get(server, trusted=f"{server}/some/path") == b"hello"
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)
    assert get(server) == b"hello"


def test_trust_in_a_server_is_for_its_port_alone(server: str) -> None:
    with pytest.raises(Invalid, match="private"):
        get(server, trusted="http://127.0.0.1:1")


def test_the_next_address_is_tried_when_one_does_not_answer(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, "::1", "127.0.0.1")  # nobody listens at the first
    url = server.replace("127.0.0.1", NAME)
    assert get(url, trusted=url) == b"hello"


def test_everything_a_client_does_ends_in_time(server: str) -> None:
    with pytest.raises(UpstreamFailed) as late:
        get(server, trusted=server, seconds=0)
    assert late.value.code == "upstream_slow"


def test_proxies_and_passwords_of_the_machine_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    sent = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        sent.append(request.headers["Authorization"])
        reply(request, 200)

    with answering(answer) as url:
        get(url, trusted=url)
    assert sent == [None]


class TestTls:
    """A certificate is checked against the name that was asked for, though an address is what is connected to."""

    @pytest.fixture
    def port(self, tmp_path: Path) -> Iterator[int]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_for(NAME, tmp_path))
        with answering(lambda request: reply(request, 200, b"hello"), tls=context) as url:
            yield int(url.rpartition(":")[2])

    def test_a_trusted_certificate_of_that_name_is_accepted(
        self, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pair.pem"))
        resolve(monkeypatch, "127.0.0.1")
        url = f"https://{NAME}:{port}"
        assert get(url, trusted=url) == b"hello"

    def test_another_name_is_not(self, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pair.pem"))
        with pytest.raises(UpstreamFailed, match="no valid certificate") as refused:
            get(f"https://127.0.0.1:{port}", trusted=f"https://127.0.0.1:{port}")
        assert refused.value.code == "tls_failed"

    def test_a_certificate_that_nobody_trusts_is_not(self, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        resolve(monkeypatch, "127.0.0.1")
        with pytest.raises(UpstreamFailed, match="self-signed certificate") as refused:
            get(f"https://{NAME}:{port}", trusted=f"https://{NAME}:{port}")
        assert refused.value.code == "tls_failed"


def certificate_for(name: str, folder: Path) -> Path:
    """A self-signed certificate with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "pair.pem"
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Make every name resolve to these addresses."""

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> Any:
        found = [host] if _is_address(host) else addresses
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
