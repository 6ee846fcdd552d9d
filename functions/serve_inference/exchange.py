"""One request from its question to what is kept of it: the trace, what it cost, who else is asked too."""

import asyncio
import contextlib
import random
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from functions.serve_inference.asked import Asked
from functions.serve_inference.finding import Served
from functions.serve_inference.lingering import Lingering
from functions.serve_inference.means import Means
from functions.serve_inference.worst_case import input_tokens, of_target, worst_case
from gero import providers, traces
from gero.access import Principal, budgets
from gero.kit import GeroError, clock, log, money, new_id
from gero.providers import Answer, CallFailed
from gero.providers.target import Target
from gero.shadows import ShadowRequest, challenger_of
from gero.traces import Trace, TraceMessage


class Exchange:
    """What is known of one request while it is answered."""

    def __init__(self, caller: Principal, asked: Asked, served: Served) -> None:
        self.caller = caller
        self.asked = asked
        self.served = served
        self.settings = served.serving.settings
        applied = self.settings.messages_prompt == "apply" if asked.apply_prompt is None else asked.apply_prompt
        self.bypassed = asked.messages is not None and not applied
        self.trace_id = new_id()
        self.target = served.serving.target
        """Who answered; production until then."""
        self.reason: str | None = None
        """Why it was not production."""
        self.lost_nanos = 0
        """What was paid, or must be taken for paid, for answers that nobody got."""
        self._hold: budgets.Hold | None = None
        self._asked_at = clock.iso()

    def messages(self, target: Target) -> list[dict[str, Any]]:
        """What the target is sent."""
        if self.asked.messages is None:
            return providers.prompt.messages(target.prompt, self.asked.text)
        return self.asked.messages if self.bypassed else providers.prompt.around(target.prompt, self.asked.messages)

    def body(self, target: Target) -> bytes:
        """The request to the target."""
        parameters = self.asked.parameters
        if self.asked.stream:
            parameters = {**parameters, "stream": True, "stream_options": {"include_usage": True}}
        return providers.request_body(target.endpoint, self.messages(target), parameters)

    async def reserve(self, lingering: Lingering) -> None:
        """Set aside what the request may cost, when its token has a budget. PaymentRequired when there is not enough:
        nothing was asked then.
        """
        if not self.caller.budgeted:
            return
        # A thread goes on when its client has left: what it sets aside must be let go of then.
        reserving = asyncio.ensure_future(asyncio.to_thread(budgets.reserve, self.caller, worst_case(self)))
        try:
            self._hold = await asyncio.shield(reserving)
        except asyncio.CancelledError:
            lingering.do(self._let_go(reserving))
            raise

    @contextlib.contextmanager
    def asking(self, target: Target) -> Iterator[None]:
        """Around a call. One that is given up is charged with what it may have cost, since nobody tells: its endpoint
        may answer to the end, and bill that; a stream ends with its connection.
        """
        try:
            yield
        except (asyncio.CancelledError, CallFailed) as error:
            left = not isinstance(error, CallFailed) or isinstance(error.__cause__, TimeoutError)
            if left and not self.asked.stream:
                self.lost_nanos += of_target(self, target, input_tokens(self))
            elif left or (isinstance(error, CallFailed) and error.code == "unusable_answer"):
                self.lost_nanos += money.cost_of_tokens(input_tokens(self), target.endpoint.input_nanos_per_million)
            raise

    def headers(self, cost_nanos: int | None = None) -> dict[str, str]:
        """What every answer says of itself. `cost_nanos`: what it cost, when that is known already."""
        told = {
            "X-Dr.Gero-Trace-Id": self.trace_id,
            "X-Request-Id": self.trace_id,  # the name that OpenAI's clients know
            "X-Dr.Gero-Model-Id": self.target.candidate_id,
            "X-Dr.Gero-Model-Name": _ascii(self.target.name),
        }
        if self.asked.messages is not None:
            told["X-Dr.Gero-Prompt"] = "bypassed" if self.bypassed else "applied"
        if self.reason:
            told["X-Dr.Gero-Fallback"] = _ascii(self.reason)
        return told | (self._budget(self._hold, cost_nanos) if self._hold else {})

    def trace(self, answer: Answer | None, **more: Any) -> Trace:
        """The trace of the request; `answer` None when there is none."""
        production = self.served.serving.target
        trace = Trace(
            trace_id=self.trace_id,
            source="inference",
            created_at=self._asked_at,
            input=self.asked.text,
            messages=self.asked.messages,
            parameters=self.asked.parameters or None,
            model_id=self.target.candidate_id,
            model=self.target.name,
            streamed=self.asked.stream,
            prompt_bypassed=self.bypassed,
            fallback_for=production.candidate_id if self.reason else None,
            fallback_reason=self.reason,
            token_id=self.caller.token_id,
            **more,
        )
        if answer is None:
            return trace
        return replace(
            trace,
            output=answer.text,
            finish_reason=answer.finish_reason,
            response_model=answer.model,
            provider=answer.provider,
            latency_ms=round(answer.latency_ms, 2),
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            cost_nanos=answer.cost_nanos,
            usage_estimated=answer.usage_estimated,
        )

    async def after(self, trace: Trace, means: Means) -> None:
        """What follows the answer: the budget is settled, the trace sent, a challenger asked."""
        if self._hold is None and not self.settings.shadow_percent:
            await self._record(trace, means)  # as most requests: without tasks of its own
            return
        cost_nanos = trace.cost_nanos + self.lost_nanos
        await asyncio.gather(self._settle(cost_nanos), self._record(trace, means), self._shadow(trace, means))

    def _budget(self, hold: budgets.Hold, cost_nanos: int | None) -> dict[str, str]:
        """How the budget stands: as it was when this request was let in, with its cost where that is known."""
        now = hold.state
        if cost_nanos is None or now.limit is None:
            return now.headers()
        cost_nanos += self.lost_nanos
        left = now.remaining + hold.nanos - cost_nanos
        return replace(now, used=now.used + cost_nanos, remaining=left, held=now.held - hold.nanos).headers()

    async def _let_go(self, reserving: "asyncio.Future[budgets.Hold]") -> None:
        with contextlib.suppress(GeroError):
            self._hold = await reserving
            await self._settle(0)

    async def _settle(self, cost_nanos: int) -> None:
        if self._hold is None:
            return
        try:
            await asyncio.to_thread(budgets.settle, self._hold, cost_nanos)
        except Exception as error:  # noqa: BLE001  the client has its answer; what is held is let go of in minutes
            log.failure("budget.not_settled", error, token_id=self.caller.token_id)

    async def _record(self, trace: Trace, means: Means) -> None:
        kept = self.settings
        if kept.redact or not kept.capture_content:
            trace = await asyncio.to_thread(traces.captured, trace, content=kept.capture_content, redact=kept.redact)
        message = TraceMessage(self.served.workspace_id, self.served.id, trace, kept.retention_days)
        await means.traces.send(message.encode())

    async def _shadow(self, trace: Trace, means: Means) -> None:
        challenger = challenger_of(self.served.serving)
        if challenger is None or trace.error or self.reason or random.uniform(0, 100) >= self.settings.shadow_percent:
            return
        request = ShadowRequest(
            workspace_id=self.served.workspace_id,
            leaderboard_id=self.served.id,
            trace_id=self.trace_id,
            challenger=challenger,
            input=self.asked.text,
            messages=self.messages(self.target),
            parameters=self.asked.parameters,
            production_id=self.target.candidate_id,
            output=trace.output or "",
            latency_ms=trace.latency_ms or 0.0,
            cost_nanos=trace.cost_nanos,
            tokens_in=trace.tokens_in,
            tokens_out=trace.tokens_out,
            asked_at=trace.created_at,
        )
        body = request.encode()
        if body:
            await means.shadows.send(body)


def _ascii(text: str) -> str:
    """The text as a header can carry it."""
    return "".join(one if one.isascii() and one.isprintable() else "?" for one in text).strip()
