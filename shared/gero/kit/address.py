"""Which addresses Gero may call: public ones over https, unless this is the local cloud."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from gero.kit import settings
from gero.kit.errors import Invalid

_PRIVATE_NAMES = (".localhost", ".internal", ".local")
# Other spellings (fullwidth digits, a trailing dot) become other hosts on the way: what is called must be what was
# checked.
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


def check_url(url: str, field: str) -> None:
    """Invalid, naming `field`, unless this deployment may call `url`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid(f"{field}: this is not a URL", field=field) from error
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise Invalid(f"{field}: spaces and control characters are not allowed", field=field)
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password or parts.fragment:
        raise Invalid(f"{field}: give an https URL without user name and fragment", field=field)
    if ":" not in host and not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise Invalid(f"{field}: {host!r} is not a host name; write international names as xn--…", field=field)
    if settings.private_endpoints_allowed():
        return
    if parts.scheme != "https":
        raise Invalid(f"{field}: use https", field=field)
    if host == "localhost" or host.endswith(_PRIVATE_NAMES) or _is_private_literal(host):
        raise Invalid(f"{field}: this address is private; give a public one", field=field)


def is_public(address: str) -> bool:
    """Whether an IP address (v4, v6, v4 in v6) is on the public internet. ValueError when it is none."""
    parsed: Any = ipaddress.ip_address(address.split("%")[0])
    parsed = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None) or parsed
    if parsed.version == 6 and parsed not in _GLOBAL_UNICAST:
        return False  # v4 addresses in other disguises: ::127.0.0.1, 64:ff9b::7f00:1
    return bool(parsed.is_global and not parsed.is_multicast)


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return host.replace(".", "").isdigit() or host.lower().startswith("0x")  # 2130706433, 0177.0.0.1, 0x7f000001
