"""HTTP clients for addresses that people give: only allowed ones are called, and everything ends in time.

The address that was checked is the one that is connected to, so a name cannot be rebound to a private one in between.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gero.kit import address
from gero.kit.errors import Invalid, UpstreamFailed

if TYPE_CHECKING:  # workers and inference import this slice without httpx
    import httpx

_CONNECT_SECONDS, _READ_SECONDS = 10, 30


def client(field: str, *, seconds: float, trusted: str) -> "httpx.Client":
    """A client whose calls, all together, end within `seconds`; it follows no redirects.

    `trusted`: URL of a server that the deployment names; it may be private. Errors name `field`.
    """
    import httpcore
    import httpx

    transport = httpx.HTTPTransport()
    network: Any = _Network(field, time.monotonic() + seconds, urlsplit(trusted))
    transport._pool = httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=network)
    timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
    # No proxies and no .netrc of the machine: what is called, and with what, is decided here.
    return httpx.Client(transport=transport, timeout=timeout, trust_env=False)


@contextmanager
def failures(field: str, server: str) -> Iterator[None]:
    """Tell what went wrong with a connection to `server` ("the hub") as UpstreamFailed, each kind with its code."""
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        code, told = _kind(error)
        raise UpstreamFailed(f"{field}: {server} {told}; try again", field=field, code=code) from error


def _kind(error: Exception) -> tuple[str, str]:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "upstream_slow", "did not answer in time"
    if isinstance(error, httpx.ConnectError):
        return "unreachable", "cannot be reached"
    if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError):
        return "cut_off", "broke off in the middle of its answer"
    return "upstream_failed", f"could not be asked ({type(error).__name__})"


class _Network:
    """What httpcore connects with: see httpcore.NetworkBackend."""

    def __init__(self, field: str, deadline: float, trusted: Any) -> None:
        self._field = field
        self._deadline = deadline
        self._trusted = trusted.hostname, trusted.port or {"http": 80}.get(trusted.scheme, 443)

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> "_Stream":
        """A connection to one of the addresses of `host` that may be called."""
        import httpcore

        *others, last = self._addresses(host, port)
        for place in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._connected(place, port, timeout, options)
        return self._connected(last, port, timeout, options)

    def sleep(self, seconds: float) -> None:
        """Asked for between retries, of which there are none."""

    def _connected(self, place: str, port: int, timeout: float | None, options: dict[str, Any]) -> "_Stream":
        import httpcore

        seconds = _left(self._deadline, timeout, self._field)
        stream = httpcore.SyncBackend().connect_tcp(place, port, timeout=seconds, **options)
        return _Stream(stream, self._deadline, self._field)

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UpstreamFailed(
                f"{self._field}: the host {host} is not known; check its name, or try again",
                field=self._field,
                code="unknown_host",
            ) from error
        places = list(dict.fromkeys(str(one[4][0]) for one in found))
        if (host, port) == self._trusted:
            return places
        allowed = [place for place in places if address.may_be_called(place)]
        if not allowed:
            raise Invalid(
                f"{self._field}: {host} leads to a private address, which Gero does not call",
                field=self._field,
                code="private_address",
            )
        return allowed


class _Stream:
    """A connection that ends at a deadline however slowly it trickles: see httpcore.NetworkStream."""

    def __init__(self, stream: Any, deadline: float, field: str) -> None:
        self._stream = stream
        self._deadline = deadline
        self._field = field

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes` bytes."""
        data: bytes = self._stream.read(max_bytes, _left(self._deadline, timeout, self._field))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send the bytes."""
        self._stream.write(buffer, _left(self._deadline, timeout, self._field))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        """The same connection under TLS, its certificate checked against the name that was asked for."""
        import httpcore

        seconds = _left(self._deadline, timeout, self._field)
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, seconds)
        except httpcore.ConnectError as error:
            if not isinstance(error.args[0], ssl.SSLError):
                raise
            why = getattr(error.args[0], "verify_message", None) or error.args[0].reason
            raise UpstreamFailed(
                f"{self._field}: {server_hostname} has no valid certificate ({why}); tell whoever runs it",
                field=self._field,
                code="tls_failed",
            ) from error
        return _Stream(stream, self._deadline, self._field)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore wants to know of the socket."""
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None, field: str) -> float:
    """How long one operation may take. UpstreamFailed when the time is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise UpstreamFailed(f"{field}: this takes too long; try again", field=field, code="upstream_slow")
    return left if timeout is None else min(left, timeout)
