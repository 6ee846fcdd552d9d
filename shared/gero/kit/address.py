"""Which addresses Gero may call: public ones over https, and the private networks that a deployment names."""

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from gero.kit import settings
from gero.kit.errors import Invalid

LOOPBACK = "127.0.0.0/8,::1/128"  # this machine, as GERO_PRIVATE_NETWORKS names it in the local cloud

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRIVATE_NAMES = (".localhost", ".localdomain", ".internal", ".local", ".home.arpa")
# Other spellings (fullwidth digits, a trailing dot) become other hosts on the way: what is called must be what was
# checked.
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# What gives keys of the machine to whoever asks: never called, whatever a deployment allows.
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local: instance metadata of every cloud, credentials of containers
        "fe80::/10",
        "fd00:ec2::/32",  # AWS: metadata, DNS, credentials of pods
        "fd20:ce::/32",  # Google
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure; a public address that reaches the machine's host
        "192.0.0.192/32",  # Oracle
    )
)
# IPv6 networks whose last 32 bits are the IPv4 address that is reached in the end: compatible, NAT64.
_CARRIERS = tuple(ipaddress.ip_network(network) for network in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48"))


def check_url(url: str, field: str) -> None:
    """Invalid, naming `field`, unless this deployment may call `url`.

    A literal address and localhost are judged here. Where another name leads is judged when it is connected to.
    """
    parts = _well_formed(url, field)
    places = _places(str(parts.hostname), field)
    if any(is_allowed_private(place) for place in places) or (not places and settings.private_networks()):
        return
    if parts.scheme != "https":
        raise Invalid(f"{field}: use https", field=field)
    if not all(is_public(place) for place in places) or (not places and _is_private_name(str(parts.hostname))):
        raise Invalid(f"{field}: this address is private; give a public one", field=field)


def may_be_called(address: str) -> bool:
    """Whether this deployment may connect to an IP address. ValueError when it is none."""
    return is_public(address) or is_allowed_private(address)


def is_allowed_private(address: str) -> bool:
    """Whether an IP address is in a network that the deployment names: then it may be called, also over http."""
    return _is_within(address, settings.private_networks())


@lru_cache(maxsize=1024)  # asked for every call of a model
def _is_within(address: str, networks: tuple[settings.Network, ...]) -> bool:
    parsed = _parsed(address)
    if parsed.is_multicast or _is_never_called(parsed):
        return False
    return any(parsed in network for network in networks)


def is_public(address: str) -> bool:
    """Whether an IP address (v4, v6, v4 in v6) is on the public internet. ValueError when it is none."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed not in _GLOBAL_UNICAST:
            return False  # v4 addresses in other disguises: ::127.0.0.1, 64:ff9b::7f00:1
        parsed = parsed.sixtofour or parsed
    return parsed.is_global and not parsed.is_multicast and not _is_never_called(parsed)


def _parsed(address: str) -> _Address:
    parsed = ipaddress.ip_address(address.split("%")[0])
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _is_never_called(parsed: _Address) -> bool:
    return any(one in network for one in _reached(parsed) for network in _NEVER)


def _reached(parsed: _Address) -> Iterator[_Address]:
    """The address, and the IPv4 addresses that it may stand for."""
    yield parsed
    if isinstance(parsed, ipaddress.IPv6Address):
        yield from parsed.teredo or ()
        if parsed.sixtofour:
            yield parsed.sixtofour
        if any(parsed in network for network in _CARRIERS):
            yield ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)


def _well_formed(url: str, field: str) -> SplitResult:
    if " " in url or not url.isprintable():
        raise Invalid(f"{field}: spaces and control characters are not allowed", field=field)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid(f"{field}: this is not a URL", field=field) from error
    if parts.scheme not in ("https", "http") or not host or "@" in parts.netloc or parts.fragment or port == 0:
        raise Invalid(f"{field}: give an https URL without user name and fragment", field=field)
    if ":" not in host and ("[" in parts.netloc or not all(_LABEL.fullmatch(label) for label in host.split("."))):
        told = f"{host!r} is not a host name; write international names as xn--…, without a dot at the end"
        raise Invalid(f"{field}: {told}", field=field)
    return parts


def _places(host: str, field: str) -> list[str]:
    """The addresses that a host stands for in itself; none for a name that is still to be resolved."""
    if host == "localhost" or host.endswith(".localhost"):
        return ["127.0.0.1", "::1"]
    if ":" not in host and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return []
    try:
        if "%" in host:
            raise ValueError("a zone id")
        ipaddress.ip_address(host)
    except ValueError as error:  # 2130706433, 127.1, 0177.0.0.1, 0x7f000001: read differently by everyone
        told = "write the address as four decimal numbers, or as IPv6 in brackets without a zone"
        raise Invalid(f"{field}: {told}", field=field) from error
    return [host]


def _is_private_name(host: str) -> bool:
    return "." not in host or host.endswith(_PRIVATE_NAMES)
