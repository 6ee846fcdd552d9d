"""Downloads from the hub stand-in, and from hubs that misbehave."""

import gzip
import hashlib
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from gero.datasets import Download, HubFile
from gero.kit import GeroError, Invalid, TooLarge, UpstreamFailed, address
from infra.local.stand_ins.hub import Account, Hub
from tests.hub_server import answering, hub_with, reply, serving

FILE = HubFile("a/b", "main", "f.jsonl")
CONTENT = b'{"input": "a"}\n' * 50_000


@pytest.fixture
def rows_file(tmp_path: Path) -> Path:
    path = tmp_path / "my rows.jsonl"
    path.write_bytes(CONTENT)
    return path


def fetched(file: HubFile, token: str | None = None) -> bytes:
    with Download(file, token) as download:
        return b"".join(download)


def refused(file: HubFile, token: str | None = None) -> GeroError:
    with pytest.raises(GeroError) as error:
        fetched(file, token)
    assert error.value.message.startswith("dataset_url: ")
    assert error.value.details["field"] == "dataset_url"
    assert "hf_" not in str(error.value.body()), "no token is ever shown"
    return error.value


@pytest.mark.parametrize("lfs_bytes", [1, 1 << 30])
def test_a_download_gives_the_file_and_tells_what_was_read(
    rows_file: Path, monkeypatch: pytest.MonkeyPatch, lfs_bytes: int
) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", address.LOOPBACK)
    with serving(Hub({"test/rows": rows_file}, lfs_bytes=lfs_bytes)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub)
        with Download(HubFile("test/rows", "main", rows_file.name)) as download:
            sha256 = hashlib.sha256(CONTENT).hexdigest()
            assert download.commit == sha256[:40], "known before a byte has come"
            assert (download.etag == sha256) is (lfs_bytes == 1)
            assert (download.size, download.read) == (len(CONTENT), 0)
            assert b"".join(download) == CONTENT
        assert (download.read, download.sha256, download.compressed) == (len(CONTENT), sha256, False)


def test_a_revision_is_a_branch_a_tag_a_commit_or_a_pull_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = {}
    for revision in ("main", "v1", "refs/pr/1"):
        roots[revision] = tmp_path / revision
        roots[revision].mkdir(parents=True)
        (roots[revision] / "f.jsonl").write_text(revision)
    with serving(Hub({"a/b": roots})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub)
        assert [fetched(HubFile("a/b", revision, "f.jsonl")).decode() for revision in roots] == list(roots)
        with Download(HubFile("a/b", "v1", "f.jsonl")) as download:
            commit = str(download.commit)
        assert fetched(HubFile("a/b", commit, "f.jsonl")) == b"v1"


class TestRefusals:
    @pytest.fixture
    def hub(self, rows_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        names = ("me/open", "me/gated", "me/private", "me/disabled")
        hub = Hub(
            dict.fromkeys(names, rows_file),
            gated={"me/gated"},
            private={"me/private"},
            disabled={"me/disabled"},
            accounts={
                "hf_reader": Account("reader", {"me/gated", "me/private"}),
                "hf_stranger": Account("stranger"),
                "hf_fine": Account("fine", {"me/gated"}, fine_grained=True),
            },
        )
        with serving(hub) as url:
            monkeypatch.setenv("HF_ENDPOINT", url)
            yield

    @pytest.mark.parametrize(
        ("repo", "token", "code", "told"),
        [
            ("me/gated", None, "dataset_gated", "accept its terms at https://huggingface.co/datasets/me/gated"),
            ("me/gated", "hf_stranger", "dataset_access_missing", "ask for it at https://huggingface.co/datasets/me/"),
            ("me/gated", "hf_fine", "hub_token_lacks_permission", "enable access to public gated repositories"),
            ("me/gated", "hf_nobody", "hub_token_refused", "refuses this workspace's token"),
            ("me/open", "hf_nobody", "hub_token_refused", "connect a Hugging Face token"),
            ("me/private", None, "dataset_private_or_missing", "if it is private"),
            ("me/private", "hf_stranger", "no_such_dataset", "check its name and access"),
            ("me/none", None, "dataset_private_or_missing", "check its name"),
            ("me/none", "hf_reader", "no_such_dataset", "me/none"),
            ("me/disabled", None, "dataset_disabled", "choose another"),
        ],
    )
    def test_each_closed_door_says_how_it_opens(
        self, hub: None, rows_file: Path, repo: str, token: str | None, code: str, told: str
    ) -> None:
        error = refused(HubFile(repo, "main", rows_file.name), token)
        assert isinstance(error, Invalid)
        assert error.code == code
        assert told in error.message

    @pytest.mark.parametrize("repo", ["me/open", "me/gated", "me/private"])
    def test_a_token_with_access_opens(self, hub: None, rows_file: Path, repo: str) -> None:
        assert fetched(HubFile(repo, "main", rows_file.name), "hf_reader") == CONTENT

    @pytest.mark.parametrize(
        ("revision", "path", "code"), [("main", "x.jsonl", "no_such_file"), ("v9", "x.jsonl", "no_such_revision")]
    )
    def test_a_missing_file_and_a_missing_revision_are_told_apart(
        self, hub: None, revision: str, path: str, code: str
    ) -> None:
        error = refused(HubFile("me/open", revision, path))
        assert error.code == code
        assert (path if code == "no_such_file" else revision) in error.message


@pytest.mark.parametrize(("status", "code"), [(429, "hub_busy"), (500, "hub_failed"), (504, "hub_failed")])
def test_a_hub_that_fails_is_no_fault_of_the_caller(monkeypatch: pytest.MonkeyPatch, status: int, code: str) -> None:
    with answering(lambda request: reply(request, status)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub)
        error = refused(FILE)
    assert isinstance(error, UpstreamFailed)
    assert error.code == code
    assert "try again" in error.message


def test_a_hub_that_is_not_there_or_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for hub, code in ((f"http://127.0.0.1:{port}", "unreachable"), ("http://hub.invalid", "unknown_host")):
        monkeypatch.setenv("HF_ENDPOINT", hub)
        assert refused(FILE).code == code


def test_a_hub_whose_tls_cannot_be_trusted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda request: reply(request, 200)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.replace("http:", "https:"))
        assert refused(FILE).code == "tls_failed"


def test_a_file_that_is_cut_off_or_damaged_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hashlib.sha256(b"{}\n").hexdigest()
    cases = [
        ({"Content_Length": "9"}, "cut_off"),
        ({"X_Linked_Size": "9"}, "cut_off"),
        ({"X_Linked_ETag": f'"{whole}"'}, "damaged"),
    ]
    for headers, code in cases:
        with answering(lambda request, headers=headers: reply(request, 200, b"{}", **headers)) as hub:  # type: ignore[misc]
            monkeypatch.setenv("HF_ENDPOINT", hub)
            error = refused(FILE)
            assert isinstance(error, UpstreamFailed)
            assert error.code == code


def test_an_etag_is_kept_without_its_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda request: reply(request, 200, b"{}", ETag='W/"abc"')) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub)
        with Download(FILE) as download:
            assert download.etag == "abc"


def test_nothing_is_asked_to_be_compressed_and_what_is_comes_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = gzip.compress(b"{}\n")
    asked = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers["Accept-Encoding"])
        reply(request, 200, wire, Content_Encoding="gzip")

    with answering(answer) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub)
        with Download(FILE) as download:
            assert b"".join(download) == wire
    assert asked == ["identity"]
    assert download.compressed


def test_a_trickle_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        reply(request, 200, Content_Length="1000")
        try:
            while True:
                request.wfile.write(b" ")
                request.wfile.flush()
                time.sleep(0.01)
        except OSError:
            return

    with answering(answer) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub)
        with pytest.raises(UpstreamFailed) as late, Download(FILE, seconds=0.2) as download:
            list(download)
    assert late.value.code == "upstream_slow"
    assert download.read == 0, "a trickle fills no piece"


def test_a_file_that_says_it_is_too_large_is_not_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda request: reply(request, 200, Content_Length=str(3 * 1024**3))) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub)
        assert isinstance(refused(FILE), TooLarge)


def test_a_file_that_turns_out_too_large_is_not_read_to_its_end(
    rows_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_with(rows_file) as (hub, _):
        monkeypatch.setenv("HF_ENDPOINT", hub)
        with Download(HubFile("test/rows", "main", rows_file.name)) as download:
            monkeypatch.setattr("gero.datasets.download.MAX_TOTAL_BYTES", 300_000)
            with pytest.raises(TooLarge):
                list(download)
        assert download.read < len(CONTENT)
