"""The hub stand-in: the Hugging Face hub's URLs and headers, and nothing outside of what was registered."""

import hashlib
import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from infra.local.stand_ins import TICKETS, Account, StandIns
from infra.local.stand_ins.hub import Hub
from infra.local.stand_ins.hub.__main__ import serve
from tests.hub_server import serving

_TOKEN, _STRANGER = "hf_stand_in", "hf_stranger"
_CONTENT = b'{"input": "a"}\n{"input": "b"}\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "rows"
    (folder / "deep").mkdir(parents=True)
    (folder / "train.jsonl").write_bytes(_CONTENT)
    (folder / "deep" / "test set.jsonl").write_bytes(b"{}\n")
    (folder / "empty.jsonl").touch()
    (folder.parent / "secret.jsonl").write_text("not for you")
    (folder / "link.jsonl").symlink_to(folder.parent / "secret.jsonl")
    return folder


@pytest.fixture(scope="module")
def stand_ins(folder: Path) -> Iterator[StandIns]:
    one = folder / "train.jsonl"
    datasets = {"me/rows": folder, "me/closed": folder, "me/hidden": folder, "me/one": one}
    accounts = {_TOKEN: Account("ada", {"me/closed", "me/hidden"}), _STRANGER: Account("bob")}
    with StandIns(
        datasets={**datasets, "me/many": {"main": one, "refs/pr/1": folder}},
        gated={"me/closed"},
        private={"me/hidden"},
        hub_accounts=accounts,
    ) as stand_ins:
        yield stand_ins


@pytest.fixture(scope="module")
def client(stand_ins: StandIns) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{stand_ins.hub_url}/datasets") as client:
        yield client


def test_the_demos_tickets_are_served(stand_ins: StandIns) -> None:
    assert httpx.get(stand_ins.dataset_url).content == TICKETS.read_bytes()


def test_a_file_comes_with_the_hubs_headers(client: httpx.Client) -> None:
    response = client.get("/me/rows/resolve/main/train.jsonl")
    assert response.status_code == 200
    assert response.content == _CONTENT
    assert response.headers["Content-Length"] == str(len(_CONTENT))
    blob = hashlib.sha1(b"blob %d\0" % len(_CONTENT) + _CONTENT).hexdigest()
    assert response.headers["ETag"] == f'"{blob}"'
    assert len(response.headers["X-Repo-Commit"]) == 40


def test_a_large_file_is_served_by_the_store_of_large_files(folder: Path) -> None:
    with serving(Hub({"me/rows": folder}, lfs_bytes=10)) as url:
        first = httpx.get(f"{url}/datasets/me/rows/resolve/main/train.jsonl")
        assert (first.status_code, first.content) == (302, b"")
        assert first.headers["X-Linked-ETag"] == f'"{hashlib.sha256(_CONTENT).hexdigest()}"'
        assert first.headers["X-Linked-Size"] == str(len(_CONTENT))
        assert len(first.headers["X-Repo-Commit"]) == 40
        assert httpx.get(first.headers["Location"]).content == _CONTENT
        assert httpx.get(f"{url}/lfs/{'0' * 64}").status_code == 403
        assert httpx.get(f"{url}/datasets/me/rows/resolve/main/deep/test%20set.jsonl").content == b"{}\n"


def test_head_tells_the_same_without_the_content(client: httpx.Client) -> None:
    head, get = (client.request(method, "/me/rows/resolve/main/train.jsonl") for method in ("HEAD", "GET"))
    told = ("Content-Length", "ETag", "X-Repo-Commit", "Accept-Ranges")
    assert [head.headers[name] for name in told] == [get.headers[name] for name in told]
    assert head.content == b""


def test_the_commit_names_the_content_and_is_a_revision(client: httpx.Client, folder: Path) -> None:
    changing = folder / "changing.jsonl"
    changing.write_text("one")
    commit = client.get("/me/rows/resolve/main/changing.jsonl").headers["X-Repo-Commit"]
    assert client.get(f"/me/rows/resolve/{commit}/changing.jsonl").text == "one"
    changing.write_text("two")
    assert client.get("/me/rows/resolve/main/changing.jsonl").headers["X-Repo-Commit"] != commit
    response = client.get(f"/me/rows/resolve/{commit}/changing.jsonl")
    assert (response.status_code, response.headers["X-Error-Code"]) == (404, "RevisionNotFound")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-3", 0, 4), ("bytes=5-", 5, None), ("bytes=-4", -4, None), ("bytes=3-9999", 3, None)],
)
def test_a_range_is_served(client: httpx.Client, asked: str, start: int, stop: int | None) -> None:
    response = client.get("/me/rows/resolve/main/train.jsonl", headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == _CONTENT[start:stop]
    assert response.headers["Content-Range"].endswith(f"/{len(_CONTENT)}")


@pytest.mark.parametrize("asked", ["bytes=9999-", "bytes=4-2", "rows=1-2"])
def test_a_range_outside_of_the_file_is_not_satisfiable(client: httpx.Client, asked: str) -> None:
    response = client.get("/me/rows/resolve/main/train.jsonl", headers={"Range": asked})
    assert (response.status_code, response.content) == (416, b"")
    assert response.headers["Content-Range"] == f"bytes */{len(_CONTENT)}"


def test_files_in_folders_and_empty_files_are_served(client: httpx.Client) -> None:
    assert client.get("/me/rows/resolve/main/deep/test%20set.jsonl").content == b"{}\n"
    assert client.get("/me/rows/resolve/main/empty.jsonl").status_code == 200


def test_a_single_file_is_a_repository_without_its_neighbours(client: httpx.Client) -> None:
    assert client.get("/me/one/resolve/main/train.jsonl").content == _CONTENT
    assert client.get("/me/one/resolve/main/empty.jsonl").status_code == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/me/rows/resolve/main/none.jsonl", "EntryNotFound"),
        ("/me/rows/resolve/main/deep", "EntryNotFound"),
        ("/me/rows/resolve/other/train.jsonl", "RevisionNotFound"),
        ("/me/many/resolve/main/deep/test%20set.jsonl", "EntryNotFound"),
    ],
)
def test_what_is_not_there_is_not_found_as_on_the_hub(client: httpx.Client, path: str, code: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["X-Error-Code"]) == (404, code)


@pytest.mark.parametrize(
    ("name", "token", "status", "code"),
    [
        ("closed", None, 401, "GatedRepo"),
        ("closed", _STRANGER, 403, "GatedRepo"),
        ("closed", _TOKEN, 200, None),
        ("hidden", None, 401, "RepoNotFound"),
        ("hidden", _STRANGER, 404, "RepoNotFound"),
        ("hidden", _TOKEN, 200, None),
        ("nothing", None, 401, "RepoNotFound"),
        ("nothing", _TOKEN, 404, "RepoNotFound"),
        ("rows", _STRANGER, 200, None),
        ("rows", "hf_nobody", 401, None),
    ],
)
def test_a_closed_repository_opens_for_who_may_read_it(
    client: httpx.Client, name: str, token: str | None, status: int, code: str | None
) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    response = client.get(f"/me/{name}/resolve/main/train.jsonl", headers=headers)
    assert (response.status_code, response.headers.get("X-Error-Code")) == (status, code)
    assert (response.content == _CONTENT) is (status == 200)


def test_a_token_is_told_whose_it_is(stand_ins: StandIns) -> None:
    url = f"{stand_ins.hub_url}/api/whoami-v2"
    assert httpx.get(url, headers={"Authorization": f"Bearer {_TOKEN}"}).json()["name"] == "ada"
    assert httpx.get(url, headers={"Authorization": "Bearer hf_nobody"}).status_code == 401
    assert httpx.get(url).status_code == 401


def test_a_repository_may_have_several_revisions(client: httpx.Client) -> None:
    path = "/me/many/resolve/refs%2Fpr%2F1/deep/test%20set.jsonl"
    assert client.get(path).content == b"{}\n"
    assert client.get(path.replace("refs%2Fpr%2F1", "main")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "../secret.jsonl",
        "deep/../../secret.jsonl",
        "..%2Fsecret.jsonl",
        "%2e%2e/secret.jsonl",
        "%2Fetc%2Fpasswd",
        "/etc/passwd",
        "link.jsonl",
        "train.jsonl%00",
        pytest.param("x" * 5000, id="too long"),
    ],
)
def test_no_path_leads_out_of_a_repository(stand_ins: StandIns, path: str) -> None:
    connection = http.client.HTTPConnection(str(urlsplit(stand_ins.hub_url).netloc), timeout=5)
    connection.request("GET", f"/datasets/me/rows/resolve/main/{path}")  # sent as it is: httpx would tidy it up
    assert connection.getresponse().status == 404
    connection.close()


def test_the_command_line_refuses_a_folder_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        serve(["--serve", "me/rows=/no/such/folder"])
    assert "owner/name=DIR" in capsys.readouterr().err


def test_the_command_line_serves_a_folder(folder: Path) -> None:
    command = [sys.executable, "-m", "infra.local.stand_ins.hub", "--serve", f"me/rows={folder}", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as hub:
        try:
            assert hub.stdout is not None
            url = hub.stdout.readline().strip().replace("FILE", "train")
            assert httpx.get(url).content == _CONTENT
        finally:
            hub.terminate()
