import gzip
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from gero import datasets
from gero.datasets import DatasetVersion, Look
from gero.kit import Invalid, UpstreamFailed
from tests.hub_server import answering, reply

URL = "datasets/a/b/resolve/main/rows.jsonl"
ROWS = b'{"question": "a", "answer": "x"}\n{"question": "b", "answer": "y"}\n'


@dataclass
class OneFile:
    """A hub with one file, told by commit and etag; counts what is asked, and how many bytes were taken."""

    body: bytes = ROWS
    commit: str = "c1"
    etag: str | None = "e1"
    asked: list[str | None] = field(default_factory=list)
    full: int = 0

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.headers["Authorization"])
        etag = {"ETag": f'"{self.etag}"'} if self.etag else {}
        if request.path.startswith("/files"):
            self.full += 1
            reply(request, 200, self.body)
        else:
            linked = {f"X_Linked_{name}": value for name, value in etag.items()}
            reply(request, 302, b"", Location="/files", X_Repo_Commit=self.commit, **linked)


@pytest.fixture
def hub(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[OneFile]:
    found = OneFile()
    with answering(found) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        yield found


def freeze(
    mapping: dict[datasets.Field, str] | None = None, token: str | None = None, url: str = URL
) -> DatasetVersion:
    return datasets.freeze_upstream("w", "l", url, mapping=mapping or {}, token=token)


def look(body_url: str = URL, mapping: dict[datasets.Field, str] | None = None) -> Look:
    return datasets.look_at(body_url, mapping=mapping or {}, token=None)


def test_a_version_tells_what_was_read(hub: OneFile) -> None:
    hub.body = gzip.compress(ROWS)
    version = freeze(token="hf_1")
    assert version.source == {
        "kind": "huggingface",
        "repo": "a/b",
        "revision": "main",
        "path": "rows.jsonl",
        "field_mapping": {},
        "commit": "c1",
        "etag": "e1",
        "sha256": hashlib.sha256(hub.body).hexdigest(),
        "size_bytes": len(hub.body),
    }
    rows = [datasets.decode(line) for line in datasets.read(version)]
    assert [(row.input, row.expected, row.origin) for row in rows] == [
        ("a", ["x"], {"line": 1}),
        ("b", ["y"], {"line": 2}),
    ]
    assert hub.asked == ["Bearer hf_1"] * 2


def test_a_file_that_did_not_change_is_not_downloaded_again(hub: OneFile) -> None:
    first = freeze()
    hub.commit = "c2"  # another file of the repository changed
    assert freeze() == first
    assert hub.full == 1


def test_a_file_that_changed_is_the_next_version(hub: OneFile) -> None:
    freeze()
    hub.body, hub.etag, hub.commit = ROWS + b'{"question": "c"}\n', "e2", "c2"
    second = freeze()
    assert (second.number, second.rows, second.source["commit"]) == (2, 3, "c2")


def test_the_same_rows_in_another_file_are_no_new_version(hub: OneFile) -> None:
    first = freeze()
    hub.body, hub.etag = gzip.compress(ROWS), "e2"
    assert freeze() == first
    assert hub.full == 2


def test_another_mapping_or_file_is_read_though_the_etag_is_the_same(hub: OneFile) -> None:
    freeze()
    assert freeze({"expected": "question"}).number == 2
    freeze({"expected": "question"}, url=URL.replace("rows", "others"))
    assert hub.full == 3


def test_a_hub_without_etags_is_read_each_time(hub: OneFile) -> None:
    hub.etag = None
    assert freeze() == freeze()
    assert hub.full == 2


@pytest.mark.parametrize(
    ("body", "error", "told"),
    [
        (ROWS + b'{"question": ""}\n{}', Invalid, "line 3: question: must not be empty and 1 more"),
        (b"PAR1", Invalid, "Parquet"),
        (gzip.compress(ROWS, mtime=0)[:-9], Invalid, "ends in the middle"),
        (b"\n\n", Invalid, "no rows"),
    ],
)
def test_a_faulty_file_is_no_version(hub: OneFile, body: bytes, error: type[Exception], told: str) -> None:
    hub.body = body
    with pytest.raises(error, match=told):
        freeze()
    assert datasets.latest_version("w", "l") is None


def test_a_file_that_arrives_damaged_is_no_version(hub: OneFile) -> None:
    hub.etag = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(UpstreamFailed, match="arrived damaged"):
        freeze()
    assert datasets.latest_version("w", "l") is None


def test_a_look_tells_what_the_file_is(hub: OneFile) -> None:
    hub.body = gzip.compress(ROWS + ROWS[:33] + b'{"prompt": "c", "meta": {"a": 1}}\n')
    found = look()
    assert (found.reachable, found.complete, found.compressed) == (True, True, True)
    assert (found.repo, found.path, found.revision, found.commit) == ("a/b", "rows.jsonl", "main", "c1")
    assert (found.rows, found.duplicates, found.unanswered, found.errors) == (3, 1, 1, [])
    assert found.size_bytes == len(hub.body)
    assert found.columns == ["question", "answer", "prompt", "meta", "meta.a"]
    assert found.detected == {"input": "question", "expected": "answer"}
    assert [row.input for row in found.first_rows] == ["a", "b", "c"]


def test_a_look_follows_the_mapping(hub: OneFile) -> None:
    found = look(mapping={"input": "answer", "expected": "question", "tags": "none"})
    assert found.detected == {"input": "answer", "expected": "question"}
    assert found.first_rows[0].input == "x"


def test_what_is_inside_objects_can_be_mapped_by_the_names_that_a_look_tells(hub: OneFile) -> None:
    hub.body = b'{"ticket": {"text": "a", "by": {"team": {"name": {"deep": {"er": "x"}}}}}}\n'
    names = look().columns
    assert names[:3] == ["ticket", "ticket.text", "ticket.by"]
    assert names[-1] == "ticket.by.team.name", "no further"
    assert look(mapping={"input": "ticket.text"}).first_rows[0].input == "a"


def test_a_look_ends_after_a_thousand_lines(hub: OneFile) -> None:
    hub.body = b"".join(b'{"input": "%d", "answer": "x"}\n' % n for n in range(1001))
    found = look()
    assert (found.rows, found.complete, len(found.first_rows)) == (1000, False, 5)
    hub.body = hub.body[: hub.body.rindex(b'{"input"')]
    assert look().complete


def test_a_look_tells_faults_by_line_and_goes_on(hub: OneFile) -> None:
    hub.body = b"\xef\xbb\xbfnonsense\n" + ROWS + b'{"question": NaN}'
    found = look()
    assert (found.rows, found.error_count, found.complete) == (2, 2, True)
    assert [error["line"] for error in found.errors] == [1, 4]
    assert found.detected == {"input": "question", "expected": "answer"}


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [(b"PAR1", "not_json_lines", None), (ROWS + b"x" * 5_000_000, "line_too_long", 3)],
)
def test_a_look_at_what_cannot_be_read_tells_why(hub: OneFile, body: bytes, code: str, line: int | None) -> None:
    hub.body = body
    found = look()
    assert (found.reachable, found.complete) == (True, False)
    assert [(error["code"], error["line"]) for error in found.errors] == [(code, line)]


def test_a_look_at_what_cannot_be_had_tells_why(hub: OneFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(request: BaseHTTPRequestHandler) -> None:
        reply(request, 404, X_Error_Code="EntryNotFound")

    with answering(refusing) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        found = look()
    assert (found.reachable, found.error_count) == (False, 1)
    assert [(error["field"], error["code"]) for error in found.errors] == [("dataset_url", "no_such_file")]
    with pytest.raises(Invalid):
        look("nonsense")


def test_a_look_ends_in_time_however_slow_the_hub(hub: OneFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gero.datasets.upstream._DOWNLOAD_SECONDS", 0.3)

    def slow(request: BaseHTTPRequestHandler) -> None:
        reply(request, 200, ROWS, Content_Length="100000")
        time.sleep(0.6)

    with answering(slow) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        found = look()
    assert [error["code"] for error in found.errors] == ["upstream_slow"]


def test_a_look_ends_in_time_however_hard_the_lines(hub: OneFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gero.datasets.upstream._LOOK_SECONDS", 0.3)
    hub.body = gzip.compress((b'{"input": "a", "x": [' + b"[]," * 300_000 + b"[]]}\n") * 500, 1)
    found: Any = look()
    assert not found.complete
    assert found.rows + found.duplicates < 500
