"""One call to a candidate, as a run would make it, to see whether it answers before it is compared."""

import asyncio

import msgspec
from msgspec.structs import replace

from gero import datasets, providers
from gero.kit import NotFound
from gero.leaderboards import candidates
from gero.leaderboards.candidates import Candidate
from gero.leaderboards.leaderboard import Leaderboard
from gero.models import check_connected
from gero.providers import Answer, CallFailed, Endpoint

_SECONDS = 15  # the HTTP API gives up after thirty, and OpenRouter's list may have to be read first
_SAMPLE = "This is a test. Reply with one short sentence."


class TrialCall(msgspec.Struct, frozen=True):
    """What came of it: an `answer`, or a `failure`."""

    input: str
    answer: Answer | None = None
    failure: CallFailed | None = None


def try_out(leaderboard: Leaderboard, candidate: Candidate, text: str | None) -> TrialCall:
    """Ask the candidate once: `text`, or the input of the dataset's first row, in the leaderboard's prompt.

    Conflict when it cannot be called as it is: an integration is missing, a Dr.Gero model is not deployed.
    """
    endpoint = candidates.resolved(leaderboard.workspace_id, candidate)
    check_connected(leaderboard.workspace_id, endpoint)
    headers = endpoint.headers(leaderboard.workspace_id)
    text = text or _first_input(leaderboard) or _SAMPLE
    body = providers.request_body(endpoint, providers.prompt.messages(leaderboard.system_prompt, text))
    try:
        answer = asyncio.run(_asked(endpoint, headers, body))
    except CallFailed as failure:
        return TrialCall(text, failure=failure)
    return TrialCall(text, answer)


async def _asked(endpoint: Endpoint, headers: dict[str, str], body: bytes) -> Answer:
    async with providers.new_session(1) as session:
        hasty = replace(endpoint, timeout_seconds=min(endpoint.timeout_seconds, _SECONDS))
        return await providers.ask(session, hasty, headers, body)


def _first_input(leaderboard: Leaderboard) -> str | None:
    version = datasets.latest_version(leaderboard.workspace_id, leaderboard.id)
    try:
        return next((datasets.decode(line).input for line in datasets.page(version, 0, 1)), None) if version else None
    except NotFound:  # an older --data folder
        return None
