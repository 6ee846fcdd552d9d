"""Where leaderboards and models answer. The API's own address leads there too, but holds streams back to their end."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gero.cli import lookup
from gero.cli.failure import Failure
from gero.cli.lookup import is_id
from gero.cli.session import Session

if TYPE_CHECKING:
    from gero.cli.client import Client


def of_leaderboard(session: Session, reference: str | None, *, stream: bool) -> str:
    """The address of a leaderboard meant by a name, an id, or nothing when there is only one."""
    return _address(session, "leaderboard", reference, lookup.leaderboard, stream=stream)


def of_model(session: Session, reference: str | None, *, stream: bool) -> str:
    """The address of a model of the Models area meant by a name, an id, or nothing when there is only one."""
    return _address(session, "models", reference, lookup.model, stream=stream)


def origin(url: str) -> str:
    """What stands before the paths of inference in the address of a leaderboard or a model."""
    return url.partition("/v1/")[0]


def direct(session: Session, found: dict[str, Any]) -> str:
    """The address of a leaderboard or model that was read: at the inference function, where streams are streams."""
    url, here = str(found["inference_url"]), session.settings.inference_url
    return f"{here}{url.removeprefix(origin(url))}" if here else url


def _address(
    session: Session,
    noun: str,
    reference: str | None,
    find: "Callable[[Client, str | None], dict[str, Any]]",
    *,
    stream: bool,
) -> str:
    here = session.settings.inference_url
    named = f"/v1/{noun}/{reference}/inference"
    if is_id(reference) and (here or not stream):
        return f"{here or session.api.api_url}{named}"
    try:
        return direct(session, find(session.api, reference))
    except Failure:
        if not is_id(reference):
            raise
        return f"{session.api.api_url}{named}"  # a token that may only ask cannot read where
