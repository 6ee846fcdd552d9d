import pytest

from gero.kit import Invalid, address

HOSTILE = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "example.com",
    "https://",
    "https:///path",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://example.com/#fragment",
    "https://example.com:99999/",
    "https://[::1",
    "https://exa mple.com/",
    "https://example.com/\r\nX-Injected: 1",
    "https://example.com/\x7f",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://metadata.google.internal/",
    "https://metadata.google.internal./",
    "https://printer.local/",
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00::1]/",
    "https://[ff02::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:db8::1]/",
    "https://127。0。0。1/",
    "https://１２７.0.0.1/",
    "https://①②⑦.0.0.1/",
    "https://ⓛocalhost/",
    "https://127%2e0.0.1/",
    "https://127.0.0.1\\.example.com/",
    "https://example.com\\@127.0.0.1/",
    "https://a..b.com/",
    "https://.example.com/",
    f"https://{'a' * 64}.com/",
]
PUBLIC = [
    "https://api.openai.com/v1/chat/completions",
    "https://api.example.com:8443/v1?key=value",
    "https://xn--bcher-kva.example/",
    "https://under_score.example.com/",
    "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]/",
]


@pytest.fixture
def _deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GERO_ALLOW_PRIVATE_ENDPOINTS", raising=False)


@pytest.mark.usefixtures("_deployed")
@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_refused_by_the_name_of_its_field(url: str) -> None:
    with pytest.raises(Invalid, match=r"^endpoint_url: ") as refused:
        address.check_url(url, "endpoint_url")
    assert refused.value.details == {"field": "endpoint_url"}


@pytest.mark.usefixtures("_deployed")
@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_address_may_be_called(url: str) -> None:
    address.check_url(url, "endpoint_url")


def test_the_local_cloud_may_call_this_machine_and_still_no_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_ALLOW_PRIVATE_ENDPOINTS", "true")
    address.check_url("http://127.0.0.1:8000/v1", "endpoint_url")
    address.check_url("http://localhost:8000/v1", "endpoint_url")
    for url in ("ftp://127.0.0.1/", "http://user@127.0.0.1/", "http://127.0.0.1/\nx"):
        with pytest.raises(Invalid):
            address.check_url(url, "endpoint_url")


@pytest.mark.parametrize("value", ["1", "True", "yes", ""])
def test_only_the_exact_word_opens_private_addresses(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GERO_ALLOW_PRIVATE_ENDPOINTS", value)
    with pytest.raises(Invalid):
        address.check_url("http://127.0.0.1/", "endpoint_url")
