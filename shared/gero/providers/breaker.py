"""A circuit breaker for each endpoint: one that keeps failing is left alone for a while, then tried again by one."""

import time

from gero.providers.refusal import CallFailed

FAILURES = 5
"""In a row, after which an endpoint is left alone."""
_FIRST_SECONDS, _MOST_SECONDS = 10.0, 120.0
_PROBE_SECONDS = 30.0  # by then a probe has ended, or whoever made it is gone
_MAX_KEPT = 10_000


class _Circuit:
    __slots__ = ("failures", "pause", "probe_until", "until")

    def __init__(self) -> None:
        self.failures = 0
        self.pause = _FIRST_SECONDS
        self.until = 0.0
        self.probe_until = 0.0


class Breakers:
    """The circuits of a process, by address of the endpoint. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self._circuits: dict[str, _Circuit] = {}

    def refuses(self, address: str) -> bool:
        """Whether the endpoint should be left alone now. After its pause one caller is let through to try it."""
        circuit = self._circuits.get(address)
        if circuit is None or circuit.failures < FAILURES:
            return False
        now = time.monotonic()
        if now < circuit.until or now < circuit.probe_until:
            return True
        circuit.probe_until = now + _PROBE_SECONDS
        return False

    def note(self, address: str, failure: CallFailed | None) -> None:
        """Count how a call ended. A request that was not accepted for what it says tells nothing about the endpoint."""
        if failure is None or failure.condition == "rejected":
            self._circuits.pop(address, None)
            return
        if len(self._circuits) >= _MAX_KEPT:
            self._circuits.clear()
        circuit = self._circuits.setdefault(address, _Circuit())
        circuit.failures += 1
        circuit.probe_until = 0.0
        if circuit.failures >= FAILURES:
            circuit.until = time.monotonic() + circuit.pause
            circuit.pause = min(_MOST_SECONDS, 2 * circuit.pause)

    def release(self, address: str) -> None:
        """A try came to nothing, neither answer nor failure: somebody else may try."""
        circuit = self._circuits.get(address)
        if circuit:
            circuit.probe_until = 0.0

    def forget(self) -> None:
        """Close every circuit."""
        self._circuits.clear()
