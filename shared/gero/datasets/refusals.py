"""Why a hub does not give a file, and what to do about it, out of its answer.

The hub's headers X-Error-Code and X-Error-Message are those that the huggingface_hub client reads. Without a token the
hub does not tell a private dataset from one that does not exist: both are 401.
"""

from typing import TYPE_CHECKING

from gero.datasets.hub import HubFile
from gero.kit import GeroError, Invalid, UpstreamFailed

if TYPE_CHECKING:
    import httpx

_DISABLED = "Access to this resource is disabled."
_CONNECT = "connect a Hugging Face token that may read it (PUT /api/integrations/huggingface)"


def refusal(response: "httpx.Response", file: HubFile, *, on_hub: bool, with_token: bool) -> GeroError:
    """The error that an answer other than 200 means. It never holds the token.

    `on_hub`: whether it is the hub that answers, or another server that the hub sent us to.
    """
    status, code = response.status_code, response.headers.get("X-Error-Code", "")
    if not on_hub:
        return _failed("hub_failed", f"the server on which the hub keeps the file answered {status}; try again")
    if status in (401, 403):
        return _closed(status, code, response.headers.get("X-Error-Message", ""), file, with_token)
    if status == 404:
        return _missing(code, file)
    if status == 429:
        return _failed("hub_busy", "the hub gets too many requests from here; try again in some minutes")
    return _failed("hub_failed", f"the hub answered {status}; try again")


def _closed(status: int, code: str, told: str, file: HubFile, with_token: bool) -> GeroError:
    if told == _DISABLED:
        return _invalid("dataset_disabled", f"Hugging Face has disabled {file.repo}; choose another dataset")
    match status, code:
        case 401, _ if with_token:
            return _invalid("hub_token_refused", f"Hugging Face refuses this workspace's token; {_CONNECT}")
        case 401, "GatedRepo":
            return _invalid("dataset_gated", f"{file.repo} is gated; accept its terms at {file.page} and {_CONNECT}")
        case 401, _:
            fix = f"check its name, or {_CONNECT} if it is private"
            return _invalid(
                "dataset_private_or_missing", f"without a token the hub shows no dataset {file.repo}; {fix}"
            )
        case 403, "GatedRepo":
            fix = f"ask for it at {file.page}, then try again"
            return _invalid("dataset_access_missing", f"this workspace's Hugging Face account has no access; {fix}")
        case _:
            fix = "give the token that permission at https://huggingface.co/settings/tokens, or connect another"
            return _invalid("hub_token_lacks_permission", f"the hub forbids it ({_short(told)}); {fix}")


def _missing(code: str, file: HubFile) -> GeroError:
    match code:
        case "RevisionNotFound":
            return _invalid("no_such_revision", f"{file.repo} has no branch, tag or commit {file.revision!r}; check it")
        case "EntryNotFound":
            fix = f"see {file.page}/tree/{file.revision}"
            return _invalid("no_such_file", f"{file.repo} has no file {file.path!r} at {file.revision}; {fix}")
        case _:
            return _invalid(
                "no_such_dataset", f"the hub shows no dataset {file.repo}; check its name and access at {file.page}"
            )


def _invalid(code: str, message: str) -> GeroError:
    return Invalid(f"dataset_url: {message}", field="dataset_url", code=code)


def _failed(code: str, message: str) -> GeroError:
    return UpstreamFailed(f"dataset_url: {message}", field="dataset_url", code=code)


def _short(told: str) -> str:
    """The hub's own words, as far as they are fit to be shown."""
    return "".join(filter(str.isprintable, told))[:300].rstrip(". ") or "403"
