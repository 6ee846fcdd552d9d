"""Which API to talk to, and as whom: options, then environment, then `gero login`, then `make run` nearby."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gero.cli.failure import NOT_SIGNED_IN, USAGE, Failure

LOCAL_FILE: Final = Path(".gero/local.json")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Settings:
    """The address and the token in use, and where each was found."""

    api_url: str
    api_url_source: str
    token: str | None = None
    token_source: str | None = None
    inference_url: str | None = None
    """Direct address of the inference function, when the source of `api_url` names one."""

    @property
    def masked_token(self) -> str | None:
        """The token as it may be shown: its kind and its last four characters."""
        if self.token is None:
            return None
        kind, separator, _ = self.token.partition("_")
        return f"{kind if separator else ''}{separator}…{self.token[-4:] if len(self.token) >= 16 else ''}"


@dataclass(frozen=True)
class _Stored:
    source: str
    api_url: str
    token: str | None
    inference_url: str | None


def resolve(api_url: str | None = None, token: str | None = None) -> Settings:
    """The settings in use; Failure when no address is known or a file cannot be read.

    A stored token goes only to the address it was stored with, so another --api-url never receives it.
    """
    url, url_source = _explicit(api_url, "--api-url", "GERO_API_URL")
    stored = list(_stored())
    if url is None or url_source is None:
        if not stored:
            hint = "run `gero login`, set GERO_API_URL, or start a local one with `make run`"
            raise Failure(f"no Gero API is configured: {hint}", NOT_SIGNED_IN)
        url, url_source = stored[0].api_url, stored[0].source
    url = checked_url(url)
    home = next((one for one in stored if one.api_url == url), None)
    secret, secret_source = _explicit(token, "--token", "GERO_API_TOKEN")
    if secret is None and home is not None and home.token:
        secret, secret_source = home.token, home.source
    return Settings(url, url_source, secret, secret_source, home.inference_url if home else None)


def checked_url(url: str) -> str:
    """The address without a slash at its end; Failure unless it is plain http(s)."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise Failure(f"{url!r} is not an address of an API: it starts with https:// or http://", USAGE)
    if parts.username or parts.password:
        raise Failure("the address of the API contains a user name or password: pass a token instead", USAGE)
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the address is one of this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def config_file() -> Path:
    """Where `gero login` keeps the address and the token."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "gero" / "config.json"


def store(api_url: str, token: str) -> Path:
    """Write the config file, readable by its owner only, and return its path."""
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A temporary file is born with mode 0600, so the token is at no moment readable by others.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump({"api_url": api_url, "token": token}, file, indent=2)
    Path(file.name).replace(path)
    return path


def forget() -> bool:
    """Delete the config file; whether there was one."""
    path = config_file()
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def _explicit(option: str | None, option_name: str, variable: str) -> tuple[str | None, str | None]:
    if option:
        return option, option_name
    if from_environment := os.environ.get(variable):
        return from_environment, variable
    return None, None


def _stored() -> Iterator[_Stored]:
    config = config_file()
    if config.is_file():
        yield _read(config)
    here = Path.cwd()
    local = next((folder / LOCAL_FILE for folder in (here, *here.parents) if (folder / LOCAL_FILE).is_file()), None)
    if local is None:
        return
    found = _read(local)
    # The folder may be anybody's: it must not send a token of the environment to an address of its choice.
    if is_loopback(found.api_url):
        yield found


def _read(path: Path) -> _Stored:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"{path} cannot be read: {error}") from error
    if not isinstance(content, Mapping) or not isinstance(content.get("api_url"), str):
        raise Failure(f"{path} names no api_url: write it again with `gero login`")
    return _Stored(str(path), checked_url(content["api_url"]), content.get("token"), content.get("inference_url"))
