import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gero.datasets import Download, HubFile, parse_url
from gero.kit import Invalid, UpstreamFailed
from infra.local.stand_ins import StandIns
from tests.hub_server import hub_with

HUB = "https://huggingface.co/datasets"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{HUB}/a/b/resolve/main/f.jsonl", HubFile("a/b", "main", "f.jsonl")),
        (f"{HUB}/a/b/blob/main/f.jsonl", HubFile("a/b", "main", "f.jsonl")),
        (f"{HUB}/a/b/raw/v1.0/data/f.jsonl.gz", HubFile("a/b", "v1.0", "data/f.jsonl.gz")),
        (f"{HUB}/squad/resolve/main/f.ndjson", HubFile("squad", "main", "f.ndjson")),
        (f"{HUB}/a/b/resolve/main/f.jsonl?download=true", HubFile("a/b", "main", "f.jsonl")),
        (f"{HUB}/a/b/resolve/main/my%20file.jsonl", HubFile("a/b", "main", "my file.jsonl")),
        (f"{HUB}/a/b/resolve/refs%2Fpr%2F1/f.jsonl", HubFile("a/b", "refs/pr/1", "f.jsonl")),
        ("hf://datasets/a/b/f.jsonl", HubFile("a/b", "main", "f.jsonl")),
        ("hf://datasets/a/b@v2/data/f.json.gz", HubFile("a/b", "v2", "data/f.json.gz")),
    ],
)
def test_a_file_is_known_by_any_url_that_people_copy(url: str, expected: HubFile) -> None:
    assert parse_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a/b",
        "https://[",
        f"{HUB}/a/b",
        f"{HUB}/a/b/tree/main/f.jsonl",
        f"{HUB}/a/b/resolve/main/f.parquet",
        f"{HUB}/a/b/resolve/main/",
        f"{HUB}/a/b/resolve/main/../../x.jsonl",
        f"{HUB}/a/b/resolve/main/%2e%2e/x.jsonl",
        "https://example.com/datasets/a/b/resolve/main/f.jsonl",
        "https://huggingface.co.example.com/datasets/a/b/resolve/main/f.jsonl",
        "https://huggingface.co@example.com/datasets/a/b/resolve/main/f.jsonl",
        "https://huggingface.co/a/b/resolve/main/f.jsonl",
        "hf://models/a/b/f.jsonl",
    ],
)
def test_any_other_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(Invalid, match=r"^dataset_url: ") as refused:
        parse_url(url)
    assert refused.value.details == {"field": "dataset_url"}


def test_a_file_is_served_by_the_hub_of_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    file = parse_url(f"{HUB}/a/b/resolve/refs%2Fpr%2F1/my%20file.jsonl")
    assert file.url == f"{HUB}/a/b/resolve/refs%2Fpr%2F1/my%20file.jsonl"
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.test/hub/")
    assert file.url.startswith("http://mirror.test/hub/datasets/a/b/")


@pytest.fixture
def rows_file(tmp_path: Path) -> Path:
    path = tmp_path / "my rows.jsonl"
    path.write_bytes(b'{"input": "a"}\n' * 50_000)
    return path


def test_a_download_gives_the_file_and_the_commit_that_was_served(
    rows_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_with(rows_file) as (hub_url, _):
        monkeypatch.setenv("HF_ENDPOINT", hub_url)
        download = Download(HubFile("test/rows", "main", rows_file.name))
        assert b"".join(download) == rows_file.read_bytes()
    assert len(str(download.revision)) == 40


def test_a_missing_file_and_a_silent_hub_are_told_apart(rows_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub_with(rows_file) as (hub_url, _):
        monkeypatch.setenv("HF_ENDPOINT", hub_url)
        for missing in (HubFile("test/rows", "main", "x.jsonl"), HubFile("test/none", "main", "x.jsonl")):
            with pytest.raises(Invalid, match="no such file"):
                list(Download(missing))
    with pytest.raises(UpstreamFailed, match="no answer from the hub"):
        list(Download(HubFile("test/rows", "main", rows_file.name)))


def test_a_gated_dataset_opens_with_its_token_only(rows_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = HubFile("test/gated", "main", rows_file.name)
    with StandIns(datasets={"test/gated": rows_file}, gated={"test/gated"}, hub_token="hf_right") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.hub_url)
        for token in (None, "hf_wrong"):
            with pytest.raises(Invalid, match="token") as refused:
                list(Download(file, token))
            assert refused.value.code == "dataset_forbidden"
            assert "hf_wrong" not in str(refused.value.body())
        assert b"".join(Download(file, "hf_right")) == rows_file.read_bytes()


class Redirects:
    """A hub that redirects the first request to `place`, and serves every other one."""

    def __init__(self) -> None:
        self.place = ""
        self.tokens: list[str | None] = []
        found = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                found.tokens.append(self.headers["Authorization"])
                self.send_response(302 if self.path.startswith("/datasets") else 200)
                self.send_header("Location", found.place)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def redirecting() -> Iterator[Redirects]:
    found = Redirects()
    threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def redirects(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redirects]:
    monkeypatch.setenv("GERO_ALLOW_PRIVATE_ENDPOINTS", "true")
    with redirecting() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found


FILE = HubFile("a/b", "main", "f.jsonl")


def test_the_token_follows_a_redirect_within_the_hub_and_to_no_other_server(redirects: Redirects) -> None:
    redirects.place = "/elsewhere"
    assert b"".join(Download(FILE, "hf_1")) == b"{}"
    with redirecting() as other:
        for place in (f"{other.url}/x", f"{other.url.replace('127.0.0.1', 'localhost')}/x"):
            redirects.place = place
            assert b"".join(Download(FILE, "hf_1")) == b"{}"
        assert other.tokens == [None, None]
    assert redirects.tokens == ["Bearer hf_1"] * 4


def test_a_redirect_in_circles_ends(redirects: Redirects) -> None:
    redirects.place = "/datasets/again"
    with pytest.raises(UpstreamFailed, match="in circles"):
        list(Download(FILE))
    assert len(redirects.tokens) == 5


def test_a_redirect_to_a_private_address_is_not_followed(redirects: Redirects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GERO_ALLOW_PRIVATE_ENDPOINTS")
    redirects.place = "https://169.254.169.254/latest"
    with pytest.raises(Invalid, match="private"):
        list(Download(FILE))
