from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
import yarl
from hypothesis import given, settings
from hypothesis import strategies as st

from gero.kit import GeroError, Invalid, address

HOSTS = "aé1.:/@\\[]%-_?#;x0９。"

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
    "https://@example.com/",
    "https://:@127.0.0.1/",
    "https://example.com;@127.0.0.1/",
    "https://example.com:0/",
    "https://example.com:８０/",
    "https://[v1.fe80]/",
    "https://[example.com]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[fe80::1%eth0]/",
    "https://printer/",
    "https://localhost.localdomain/",
    "https://router.home.arpa/",
    "https://1.2.3/",
    "https://example.0x7f/",
    "https://256.256.256.256/",
    "https://[fd00:ec2::254]/",
    "https://168.63.129.16/",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "https://example.com/\u2028",
    "https:127.0.0.1/",
    "https:\\\\127.0.0.1/",
    "\u00a0https://example.com/",
    "//example.com/",
    "",
]
PUBLIC = [
    "https://api.openai.com/v1/chat/completions",
    "https://api.example.com:8443/v1?key=value",
    "https://xn--bcher-kva.example/",
    "https://under_score.example.com/",
    "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]/",
]


# What no deployment calls, whatever it allows: each reaches keys of the machine, by its own or by another spelling.
NEVER = [
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "224.0.0.1",
    "ff02::1",
]


@pytest.fixture
def _deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GERO_PRIVATE_NETWORKS", raising=False)


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda networks: monkeypatch.setenv("GERO_PRIVATE_NETWORKS", networks)


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


def test_the_local_cloud_may_call_this_machine_and_no_other_private_one(allow: Callable[[str], None]) -> None:
    allow(address.LOOPBACK)
    for host in ("127.0.0.1", "localhost", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]", "a.localhost"):
        address.check_url(f"http://{host}:8000/v1", "endpoint_url")
    address.check_url("https://8.8.8.8/", "endpoint_url")
    for url in (
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "http://8.8.8.8/",
        "http://169.254.169.254/",
        "ftp://127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1/\nx",
        "http://127.1/",
        "http://2130706433/",
        "http://0/",
        "http://[::]/",
    ):
        with pytest.raises(Invalid):
            address.check_url(url, "endpoint_url")


def test_a_name_is_judged_when_it_is_connected_to_where_private_networks_are_allowed(
    allow: Callable[[str], None],
) -> None:
    allow("10.1.0.0/16")
    for host in ("ollama", "ollama.local", "gpu.internal", "models.example.com", "10.1.2.3"):
        address.check_url(f"http://{host}:11434/v1", "endpoint_url")
    for host in ("localhost", "127.0.0.1", "[::1]", "10.2.0.1"):
        with pytest.raises(Invalid, match="use https"):
            address.check_url(f"http://{host}/", "endpoint_url")


@pytest.mark.parametrize("networks", ["0.0.0.0/0,::/0", "169.254.0.0/16,fe80::/10,100.100.100.200/32,fd00::/8"])
@pytest.mark.parametrize("place", NEVER)
def test_what_gives_away_the_keys_of_the_machine_is_never_called(
    place: str, networks: str, allow: Callable[[str], None]
) -> None:
    allow(networks)
    assert not address.may_be_called(place)
    assert not address.is_public(place)
    if "%" not in place:
        host = f"[{place}]" if ":" in place else place
        for scheme in ("http", "https"):
            with pytest.raises(Invalid):
                address.check_url(f"{scheme}://{host}/", "endpoint_url")


def test_an_allowed_network_is_allowed_in_every_spelling_of_its_addresses_and_no_further(
    allow: Callable[[str], None],
) -> None:
    allow(" 10.1.0.0/16 , fd12::/16 ,")
    assert address.is_allowed_private("10.1.255.255")
    assert address.is_allowed_private("::ffff:10.1.0.1")
    assert address.is_allowed_private("fd12::5")
    for place in ("10.0.255.255", "10.2.0.0", "fd13::1", "127.0.0.1", "::1", "8.8.8.8", "64:ff9b::a01:1"):
        assert not address.is_allowed_private(place), place
    assert address.may_be_called("8.8.8.8")


@pytest.mark.parametrize("text", ["true", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8;127.0.0.0/8", "localhost", "*"])
def test_a_list_that_cannot_be_read_allows_nothing_and_says_so(text: str, allow: Callable[[str], None]) -> None:
    allow(text)
    with pytest.raises(GeroError, match="GERO_PRIVATE_NETWORKS: ") as failed:
        address.check_url("http://127.0.0.1/", "endpoint_url")
    assert failed.value.code == "misconfigured"


@pytest.mark.usefixtures("_deployed")
@settings(deadline=None)
@given(st.text(max_size=12), st.text(alphabet=HOSTS, max_size=20), st.text(max_size=20))
def test_clients_call_the_host_that_was_checked(before: str, host: str, after: str) -> None:
    url = f"https://{before}{host}{after}"
    try:
        address.check_url(url, "endpoint_url")
    except Invalid:
        return
    checked = urlsplit(url).hostname
    assert yarl.URL(url).raw_host == checked
    assert httpx.URL(url).raw_host.decode() == checked
