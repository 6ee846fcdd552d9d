"""Which model judges a leaderboard's answers."""

from collections.abc import Sequence

from msgspec.structs import replace

from gero import models
from gero.evaluation import Judge, JudgeMode, PlannedCandidate
from gero.kit import Conflict, Invalid, NotFound, UpstreamFailed, clock, money, settings
from gero.leaderboards import candidates
from gero.leaderboards.evaluation_settings import JudgeSettings
from gero.leaderboards.families import families, families_of
from gero.leaderboards.leaderboard import Leaderboard
from gero.models import EndpointInput
from gero.providers import Endpoint, catalogue

# Known to follow a rubric and a schema at a moderate price, the most trusted first; one is taken if OpenRouter has it.
PREFERRED = (
    *("openai/gpt-4.1", "anthropic/claude-sonnet-4.5", "google/gemini-2.5-pro", "anthropic/claude-sonnet-4"),
    *("openai/gpt-4.1-mini", "google/gemini-2.5-flash", "deepseek/deepseek-chat-v3.1", "qwen/qwen3-235b-a22b-2507"),
    *("mistralai/mistral-medium-3.1", "meta-llama/llama-3.3-70b-instruct"),
)
# Of other models the dearest is taken that costs no more: within a maker's list, dearer ones judge better.
MAX_OUTPUT_USD = 10
_MIN_CONTEXT = 32_000
_UNFIT = ("guard", "embed", "moderation", "search", "coder", "image", "audio", "ocr", "-base", "vision")
_TIMEOUT_SECONDS = 100
_MOST = 0.5


def judge_of(leaderboard: Leaderboard, planned: Sequence[PlannedCandidate], answered: float = 1.0) -> Judge:
    """The judge of a run of these candidates. `answered`: the share of rows that have an accepted answer; where most
    have none, mode auto compares answers in pairs.

    Conflict when there is none: its service is not connected, it is unknown or not deployed, or all that could be
    chosen are of a candidate's family. UpstreamFailed when one must be chosen and OpenRouter never told what it has.
    """
    wanted = leaderboard.judge
    try:
        name, endpoint = _named(leaderboard.workspace_id, wanted) if wanted.model else _chosen(leaderboard, planned)
    except (Conflict, Invalid, NotFound) as error:
        raise Conflict(f"judge: {error.message}", code=error.code, field="judge") from error
    mode: JudgeMode = "pairwise" if answered < _MOST else "pointwise"
    if wanted.mode != "auto":
        mode = wanted.mode
    return Judge(
        name=name,
        endpoint=replace(endpoint, timeout_seconds=_TIMEOUT_SECONDS),
        mode=mode,
        rubric=wanted.rubric,
        reference_id=_reference_id(leaderboard, planned) if mode == "pairwise" else None,
        audit_percent=wanted.audit_percent,
        why=None if wanted.model else _why(name, planned),
        warnings=_warnings(name, endpoint, planned),
    )


def check_judge(leaderboard: Leaderboard) -> None:
    """Conflict when a run of the leaderboard, as it is, would find no judge. Nothing is checked without one."""
    if leaderboard.eval_type != "judge":
        return
    workspace_id = leaderboard.workspace_id
    present = candidates.listed(workspace_id, leaderboard.id)
    judge_of(
        leaderboard, [PlannedCandidate(one.id, one.name, candidates.resolved(workspace_id, one)) for one in present]
    )


def _named(workspace_id: str, wanted: JudgeSettings) -> tuple[str, Endpoint]:
    model = str(wanted.model)
    if wanted.provider == "drgero":
        return models.get(workspace_id, model).name, models.deployed_endpoint(workspace_id, model)
    try:
        return model, models.endpoint_of(
            EndpointInput(platform=wanted.provider, model=model), workspace_id, owner="judge"
        )
    except UpstreamFailed:  # the list is not to be had, but the model may be; each answer tells its price
        url = f"{settings.openrouter_base_url()}/chat/completions"
        return model, Endpoint("openrouter", url, model=model, integration="openrouter")


def _chosen(leaderboard: Leaderboard, planned: Sequence[PlannedCandidate]) -> tuple[str, Endpoint]:
    models.check_connected(leaderboard.workspace_id, Endpoint("openrouter", "", integration="openrouter"))
    taken = _families_of_all(planned)
    fit = [one for one in catalogue.load().offers if _can_judge(one) and not families_of(one.id) & taken]
    if not fit:
        raise Conflict(
            f"OpenRouter has no model that could judge and is of another family than the candidates "
            f"({', '.join(sorted(taken))}); name one as judge.model, or another provider's",
            code="no_judge",
        )
    best = min(fit, key=_preference)
    return best.id, models.endpoint_of(
        EndpointInput(platform="openrouter", model=best.id), leaderboard.workspace_id, owner="judge"
    )


def _can_judge(offer: catalogue.Offer) -> bool:
    writes = not offer.output_modalities or offer.output_modalities == ("text",)
    reads = not offer.input_modalities or "text" in offer.input_modalities
    priced = offer.fixed_price and offer.output_nanos_per_million > 0 and offer.request_price == "0"
    stays = offer.expires is None or offer.expires > clock.iso()[:10]
    roomy = offer.context_length is None or offer.context_length >= _MIN_CONTEXT
    return all((writes, reads, priced, stays, roomy)) and not any(word in offer.id for word in _UNFIT)


def _preference(offer: catalogue.Offer) -> tuple[int, int, int, str]:
    """Preferred ones in their order; then the dearest within the limit; then the cheapest above it."""
    if offer.id in PREFERRED:
        return 0, PREFERRED.index(offer.id), 0, offer.id
    price = offer.output_nanos_per_million
    within = price <= MAX_OUTPUT_USD * money.NANOS_PER_USD
    return (1, -price, 0, offer.id) if within else (2, price, 0, offer.id)


def _families_of_all(planned: Sequence[PlannedCandidate]) -> set[str]:
    return {family for one in planned for family in families(one.endpoint)}


def _why(name: str, planned: Sequence[PlannedCandidate]) -> str:
    rule = "the first of the preferred judges" if name in PREFERRED else "the dearest that costs a judge's price"
    taken = ", ".join(sorted(_families_of_all(planned))) or "none known"
    return f"chosen automatically: {rule} on OpenRouter of another family than the candidates' ({taken})"


def _warnings(name: str, endpoint: Endpoint, planned: Sequence[PlannedCandidate]) -> tuple[str, ...]:
    itself = [one.name for one in planned if one.endpoint.url == endpoint.url and one.endpoint.model == endpoint.model]
    own = families(endpoint)
    related = [one.name for one in planned if one.name not in itself and families(one.endpoint) & own]
    found = []
    if itself:
        found.append(f"{name} judges its own answers ({', '.join(itself)})")
    if related:
        found.append(f"{name} is of the family of {', '.join(related)}; judges favour their own family")
    return tuple(found)


def _reference_id(leaderboard: Leaderboard, planned: Sequence[PlannedCandidate]) -> str:
    """Production's model, whose answers the others' are compared with; the first candidate's before there is one."""
    serving = leaderboard.production.model_id if leaderboard.production else None
    return serving if serving in {one.id for one in planned} else planned[0].id
