"""Traces as the API shows them, and what may be asked of a list of them."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response

from functions.api.fitting import fitting
from gero import traces
from gero.kit import Invalid, NotFound, clock
from gero.leaderboards import serving_settings
from gero.traces import Page, Trace, feedback, otel, times

Format = Literal["json", "jsonl", "ndjson"]
Many = Annotated[int, Query(ge=1, le=1000, description="How many to return")]
Batches = Annotated[int, Query(ge=1, le=100, description="How many batches of traces to scan at most")]
Moment = Annotated[str | None, Query(max_length=40, description="An ISO 8601 time, such as 2026-07-01T00:00:00Z")]
Attributes = Annotated[bool, Query(description="Add `attributes`: the trace by OpenTelemetry's conventions")]
Cursor = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the answer before")]
TraceId = Annotated[str, Path(max_length=100)]
NEXT_CURSOR = "X-Dr.Gero-Next-Cursor"
LINES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/x-ndjson": {}, "application/json": {}}}}
_SECONDS = 12.0  # for patterns in the texts of a page; the HTTP API gives up after 30
_SOON_MINUTES = 15
EVERYTHING = serving_settings.TraceSettings()


def moment(field: str, text: str | None) -> str | None:
    """A time that was asked for, as traces have theirs. Invalid names the field."""
    if text is None:
        return None
    try:
        # In a query a + that was not escaped arrives as a space.
        found = clock.parse(text.strip().replace(" ", "+") if "T" in text else text.strip())
        return clock.iso(found if found.tzinfo else found.replace(tzinfo=clock.now().tzinfo))
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{field}: must be an ISO 8601 time, such as 2026-07-01T00:00:00Z", field=field) from error


def filters(since: str | None, until: str | None, **others: Any) -> traces.Filters:
    """The filters of a list, with times that were read. Invalid when they exclude each other."""
    begin, end = moment("since", since), moment("until", until)
    if begin and end and begin >= end:
        raise Invalid("until: must be after since", field="until")
    found: traces.Filters = {"since": begin, "until": end, **others}  # type: ignore[typeddict-item]
    return found


def check_paging(offset: int, cursor: str | None) -> None:
    """Invalid when both ways of going on are used."""
    if offset and cursor:
        raise Invalid("offset: give offset or cursor, not both", field="offset")


class Shown:
    """The traces of one owner on their way out, with the feedback on them."""

    def __init__(
        self,
        workspace_id: str,
        owner_id: str,
        leaderboard_id: str | None,
        settings: serving_settings.TraceSettings = EVERYTHING,
        *,
        attributes: bool = False,
    ) -> None:
        """`attributes`: show them in OpenTelemetry's words as well."""
        self._owner = workspace_id, owner_id
        self._leaderboard_id = leaderboard_id
        self._settings = settings
        self._attributes = attributes

    def one(self, trace_id: str) -> dict[str, Any]:
        """One trace. NotFound says what may be the reason."""
        found = located(*self._owner, trace_id)
        return next(self.rows([found.trace]))

    def answer(self, request: Request, page: Page, form: Format, told: dict[str, Any]) -> Response | dict[str, Any]:
        """A page of traces, in the format that was asked for; it ends early when it would be too large."""
        rows = list(fitting(self.rows(page.traces)))
        cursor = page.cursor(len(rows))
        if form == "json":
            counted = {"count": len(rows), "batch_count": page.batch_count, "scanned_rows": page.scanned_rows}
            return told | counted | {"rows": rows, "next_cursor": cursor}
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        headers = {}
        if cursor:
            following = request.url.remove_query_params("offset").include_query_params(cursor=cursor)
            headers = {NEXT_CURSOR: cursor, "Link": f'<{following}>; rel="next"'}
        return Response(lines.encode("utf-8", "replace"), media_type="application/x-ndjson", headers=headers)

    def rows(self, found: list[Trace]) -> Iterator[dict[str, Any]]:
        """The traces as they are shown, as many as there is time for, at least one."""
        rated = feedback.of(*self._owner, [one.trace_id for one in found])
        end = time.monotonic() + _SECONDS
        for place, one in enumerate(found):
            if place and time.monotonic() > end:
                return
            told = rated.get(one.trace_id)
            visible = self._visible(one)
            row = visible.public(self._leaderboard_id) | {"feedback": told.public() if told else None}
            named = {"attributes": otel.attributes(visible, self._leaderboard_id)} if self._attributes else {}
            yield row | named

    def _visible(self, trace: Trace) -> Trace:
        """Traces of runs are stored whole, since answers are reused and reviewed; here they are as others are kept."""
        if trace.source != "run":
            return trace
        return traces.captured(trace, content=self._settings.capture_content, redact=self._settings.redact)


def located(workspace_id: str, owner_id: str, trace_id: str) -> traces.Located:
    """A trace and where it is stored. NotFound says what may be the reason."""
    found = traces.locate(workspace_id, owner_id, [trace_id]).get(trace_id)
    if found:
        return found
    at = times.moment_of(trace_id)
    if at and abs((clock.now() - at).total_seconds()) < 60 * _SOON_MINUTES:
        told = "no such trace yet: one of an inference request is stored some seconds after its answer; try again"
        raise NotFound(told, code="not_stored_yet", trace_id=trace_id)
    raise NotFound("no such trace here; it may have expired, or belong to another leaderboard", trace_id=trace_id)
