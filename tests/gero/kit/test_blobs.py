import io
import os

import pytest

from gero.kit import GeroError, blobs

pytestmark = pytest.mark.usefixtures("cloud")


def test_lines_come_back_and_the_same_lines_are_the_same_bytes() -> None:
    lines = [b'{"a": 1}', "größe".encode()]
    blobs.put_lines("w/one", lines)
    blobs.put_lines("w/two", lines)
    assert blobs.get_lines("w/one") == lines
    assert blobs.get("w/one") == blobs.get("w/two")


def test_what_is_not_there_is_none_and_has_no_lines() -> None:
    assert blobs.get("w/nothing") is None
    assert blobs.get_lines("w/nothing") == []


def test_an_object_is_downloaded_whole() -> None:
    content = os.urandom(3 << 20)
    blobs.put("w/large", io.BytesIO(content))
    into = io.BytesIO()
    blobs.download("w/large", into)
    assert into.getvalue() == content


def test_only_what_is_under_a_prefix_is_listed_and_deleted() -> None:
    for key in ("w/a/1", "w/a/2", "w/ab/1", "v/a/1"):
        blobs.put(key, b"x")
    assert list(blobs.keys("w/a/")) == ["w/a/1", "w/a/2"]
    assert blobs.delete_all("w/a/") == 2
    assert list(blobs.keys("")) == ["v/a/1", "w/ab/1"]
    assert blobs.delete_all("w/a/") == 0


def test_a_deployment_without_its_bucket_says_which_variable_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GERO_BUCKET")
    with pytest.raises(GeroError, match="GERO_BUCKET"):
        blobs.get("w/one")
