"""What a push request holds, read from an HTTP API event (payload format 2.0)."""

import base64
import uuid
from typing import Any

import msgspec

from gero.kit import Invalid, TooLarge, new_id
from gero.leaderboards import MAX_PUSHED_BYTES, MAX_PUSHED_ROWS

_LISTS = ("rows", "events", "samples")
_MAX_KEY = 255


class Request:
    """One request; its body is not looked at before `documents`."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.headers: dict[str, str] = event["headers"]
        self.leaderboard_id: str = event["pathParameters"]["id"]
        self._event = event

    @property
    def repeatable(self) -> bool:
        """Whether the same request may come again, and is then to be known."""
        return "idempotency-key" in self.headers

    def batch_id(self) -> str:
        """The id of what this request pushes: new, or the same whenever the same Idempotency-Key is sent."""
        key = self.headers.get("idempotency-key")
        if key is None:
            return new_id()
        if not 0 < len(key) <= _MAX_KEY:
            raise Invalid(f"Idempotency-Key: give 1 to {_MAX_KEY} characters", field="Idempotency-Key")
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.leaderboard_id}/{key}"))

    def documents(self) -> list[Any]:
        """The rows as sent. Invalid and TooLarge say what a body may be."""
        document = self._body()
        if isinstance(document, dict):
            document = next((document[name] for name in _LISTS if name in document), [document])
        if not isinstance(document, list):
            raise Invalid("the body must be a row, a list of rows, or an object with rows, events or samples")
        if len(document) > MAX_PUSHED_ROWS:
            raise TooLarge(
                f"at most {MAX_PUSHED_ROWS} rows a request, this has {len(document):,}; send smaller batches",
                code="too_many_rows",
                limit=MAX_PUSHED_ROWS,
            )
        return document

    def _body(self) -> Any:
        body = self._event.get("body") or ""
        raw = base64.b64decode(body) if self._event.get("isBase64Encoded") else body.encode(errors="surrogatepass")
        if len(raw) > MAX_PUSHED_BYTES:
            raise TooLarge(
                f"at most {MAX_PUSHED_BYTES:,} bytes a request, this has {len(raw):,}; send smaller batches",
                code="body_too_large",
                limit=MAX_PUSHED_BYTES,
            )
        try:
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"the body is not valid JSON: {error}", code="invalid_json") from error
