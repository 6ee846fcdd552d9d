"""The fields of a form as it was sent, and what was wrong with them."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, QueryParams

from gero.kit import GeroError, Invalid

_Wanted = TypeVar("_Wanted", bound=BaseModel)
_REWORDED = {
    "missing": "this field is required",
    "extra_forbidden": "this field is unknown",
    "int_parsing": "write a whole number, such as 10,000",
    "int_from_float": "write a whole number, such as 10,000",
    "float_parsing": "write a number, such as 2.5",
    "decimal_parsing": "write a number, such as 2.5",
    "greater_than_equal": "write {ge} or more",
    "greater_than": "write more than {gt}",
    "less_than_equal": "write {le} or less",
    "less_than": "write less than {lt}",
    "string_too_long": "write at most {max_length} characters",
}
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d*)?")
_FIELD = re.compile(r"[a-z][a-z0-9_.]*")
_OF_OTHERS = (502, 503)  # somebody else's server failed: people can try again
Faults = dict[str, str]


class Submitted:
    """Fields of a form. Texts are as people typed them, without the white space around."""

    def __init__(self, fields: FormData | QueryParams | Mapping[str, str]) -> None:
        self._fields = fields

    def text(self, name: str, default: str = "") -> str:
        """A field; `default` where it was not sent."""
        value = self._fields.get(name)
        return value.strip().replace("\r\n", "\n") if isinstance(value, str) else default

    def optional(self, name: str) -> str | None:
        """A field, None where it was left empty."""
        return self.text(name) or None

    def secret(self, name: str) -> str | None:
        """A field exactly as it was typed, None where it was left empty."""
        value = self._fields.get(name)
        return value if isinstance(value, str) and value.strip() else None

    def flag(self, name: str) -> bool:
        """Whether a box was ticked."""
        return self.text(name) not in ("", "false", "off", "0")

    def every(self, name: str) -> list[str]:
        """All values of a field that may be there several times."""
        values = self._fields.getlist(name) if isinstance(self._fields, FormData | QueryParams) else []
        return [value.strip() for value in values if isinstance(value, str) and value.strip()]

    def digits(self, name: str) -> str:
        """A number as people write it, such as 10,000 or $5, without what they write around its digits. A comma that is
        not one of thousands stays, so that 2,5 is no number rather than 25.
        """
        text = self.text(name).replace(" ", "").removeprefix("$")
        return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text

    def integer(self, name: str) -> int | None:
        """A whole number, None where the field was left empty. Invalid names the field."""
        text = self.digits(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise Invalid(f"{name}: {text!r} is not a whole number; write such as 10,000", field=name) from error

    def number(self, name: str) -> float | None:
        """A number, None where the field was left empty. Invalid names the field."""
        text = self.digits(name)
        if not text:
            return None
        try:
            return float(text)
        except ValueError as error:
            raise Invalid(f"{name}: {text!r} is not a number; write such as 2.5", field=name) from error

    def names(self) -> list[str]:
        """The names of the fields that were sent."""
        return list(self._fields.keys())


def validated(model: type[_Wanted], fields: Mapping[str, Any]) -> _Wanted:
    """The input that the API's route takes, of the fields that are there (None: left out).

    Raises pydantic's ValidationError, which `faults` can tell.
    """
    return model.model_validate({name: value for name, value in fields.items() if value is not None})


def faults(error: Exception) -> Faults:
    """What was wrong, by field; under "" what concerns no single one. Raises what is not a person's mistake."""
    if isinstance(error, ValidationError):
        return dict(_fault(one) for one in reversed(error.errors()))
    if isinstance(error, GeroError) and (error.status < 500 or error.status in _OF_OTHERS):
        field = str(error.details.get("field") or "")
        return {field: error.message.removeprefix(f"{field}: ") if field else error.message}
    raise error


def status_of(error: Exception) -> int:
    """The status of a page that shows faults."""
    return error.status if isinstance(error, GeroError) else 400


def _fault(one: Any) -> tuple[str, str]:
    """The field and the message; a check of a whole object names the field in front of its message."""
    place = ".".join(str(part) for part in one["loc"] if not isinstance(part, int))
    words = _REWORDED.get(one["type"])
    message = words.format(**one.get("ctx", {})) if words else one["msg"].removeprefix("Value error, ")
    field, colon, told = message.partition(": ")
    if not colon or not _FIELD.fullmatch(field):
        return place, message
    return (place if place.endswith(field) else f"{place}.{field}".lstrip(".")), told
