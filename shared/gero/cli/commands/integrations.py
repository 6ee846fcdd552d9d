"""`gero integration`: accounts elsewhere that the workspace uses, of Hugging Face and of OpenRouter."""

from typing import Annotated, Literal, get_args

import typer

from gero.cli import render
from gero.cli.command import Yes, command, new_group
from gero.cli.failure import Failure
from gero.cli.session import Session, read_secret

group = new_group(
    "Connect accounts elsewhere: OpenRouter for its models, Hugging Face for its models and for private datasets."
)

Name = Literal["huggingface", "openrouter"]
Provider = Annotated[Name, typer.Argument(metavar="PROVIDER", help=" or ".join(get_args(Name)))]


@command(group, "list", "gero integration list")
def list_integrations(session: Session) -> None:
    """List what can be connected, and what is."""
    found = session.api.get("/api/integrations")
    session.answer(found, lambda: render.integration_table(found["integrations"]))


@command(group, "connect", "gero integration connect openrouter", "gero integration connect huggingface < hf-token.txt")
def connect(session: Session, provider: Provider) -> None:
    """Store a token of the provider, typed unseen or read from stdin; it is never shown again."""
    connected = session.api.put(f"/api/integrations/{provider}", {"token": read_secret(f"Token of {provider}")})
    account = connected.get("account")
    session.answer(connected, lambda: f"Connected {provider}{f' as {account}' if account else ''}")


@command(group, "check", "gero integration check openrouter < openrouter-key.txt")
def check(session: Session, provider: Provider) -> None:
    """Ask the provider whether a token is valid, without storing it."""
    body = {"provider": provider, "token": read_secret(f"Token of {provider}")}
    found = session.api.post("/api/integrations/validate", body, repeatable=True)
    if found["valid"] or session.as_json:
        session.answer(found, lambda: f"The token is valid and belongs to {found.get('account') or 'somebody'}")
    if not found["valid"]:
        raise Failure(f"the token is not valid: {found.get('error') or f'{provider} refuses it'}")


@command(group, "disconnect", "gero integration disconnect huggingface --yes")
def disconnect(session: Session, provider: Provider, yes: Yes = False) -> None:
    """Forget the provider's token; models and datasets that need it cannot be reached from now on."""
    session.confirm(f"Forget the token of {provider}?", yes=yes)
    session.api.delete(f"/api/integrations/{provider}")
    session.answer({"provider": provider, "connected": False}, lambda: f"Disconnected {provider}")
