"""`gero telemetry`: the OpenTelemetry collector that traces of inference are exported to."""

from typing import Annotated, Any

import typer

from gero.cli.command import Yes, command, new_group
from gero.cli.session import Session, read_secret

group = new_group("Export traces of inference to an OpenTelemetry collector.")


@command(
    group,
    "set",
    "gero telemetry set https://otlp.example.com",
    "gero telemetry set https://api.honeycomb.io --header x-honeycomb-team < key.txt",
)
def set_collector(
    session: Session,
    endpoint: Annotated[
        str, typer.Argument(metavar="URL", help="Of OTLP over HTTP; /v1/traces is added to a bare host")
    ],
    header: Annotated[
        str | None,
        typer.Option("--header", help="Name of the header that opens it; its value is typed or read from stdin"),
    ] = None,
) -> None:
    """Export from now on, once the collector has taken an empty export."""
    body: dict[str, Any] = {"endpoint": endpoint}
    if header:
        body |= {"header_name": header, "header_value": read_secret(f"Value of {header}")}
    found = session.api.put("/api/telemetry", body)
    session.answer(found, lambda: f"Traces are exported to {found['endpoint']}")


@command(group, "show", "gero telemetry show")
def show_collector(session: Session) -> None:
    """Show where traces are exported to."""
    found = session.api.get("/api/telemetry")
    opened = f", opened by {found['header_name']}" if found["header_name"] else ""
    session.answer(found, lambda: f"{found['endpoint']}{opened}, since {found['updated_at']}")


@command(group, "remove", "gero telemetry remove --yes")
def remove_collector(session: Session, yes: Yes = False) -> None:
    """Export no more; the traces that were exported stay where they are."""
    session.confirm("Stop exporting traces?", yes=yes)
    session.api.delete("/api/telemetry")
    session.answer({"endpoint": None}, lambda: "Traces are exported no more")
