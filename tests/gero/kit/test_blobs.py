import io
import os
from urllib.parse import parse_qs, urlsplit

import pytest
import requests  # moto answers it as S3 answers whoever has a signed URL

from gero.kit import GeroError, aws, blobs
from tests.cloud import BUCKET
from tests.gero.faults import Faults

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


def test_a_range_is_the_bytes_from_its_start_up_to_its_stop() -> None:
    blobs.put("w/one", b"0123456789")
    assert blobs.get_range("w/one", 0, 10) == b"0123456789"
    assert blobs.get_range("w/one", 3, 5) == b"34"
    assert blobs.get_range("w/one", 9, 10) == b"9"


def test_many_objects_are_deleted_by_key_a_thousand_a_call_and_what_is_not_there_is_no_fault(faults: Faults) -> None:
    for key in ("w/a", "w/b", "w/c"):
        blobs.put(key, b"x")
    seen = faults.answer("s3", "DeleteObjects", 0, lambda _: {})
    blobs.delete_many([])
    assert seen == []
    blobs.delete_many(["w/a", *(f"w/none/{number}" for number in range(1000)), "w/c"])
    assert [request["body"].count(b"<Key>") for request in seen] == [1000, 2]
    assert list(blobs.keys("w/")) == ["w/b"]


def test_a_signed_url_names_the_regions_own_host_and_ends() -> None:
    url = urlsplit(blobs.signed_url("w/a b.gz", 900, ResponseContentType="text/plain"))
    assert (url.scheme, url.netloc, url.path) == ("https", f"{BUCKET}.s3.eu-west-1.amazonaws.com", "/w/a%20b.gz")
    signed = {name: value for name, (value,) in parse_qs(url.query).items()}
    assert signed["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256", "the only signature that newer regions take"
    assert signed["X-Amz-Credential"].endswith("/eu-west-1/s3/aws4_request")
    assert (signed["X-Amz-Expires"], signed["response-content-type"]) == ("900", "text/plain")


def test_a_signed_url_downloads_with_the_headers_that_were_asked_for() -> None:
    blobs.put("w/one", b"content")
    url = blobs.signed_url("w/one", 60, ResponseContentType="text/plain", ResponseContentDisposition="attachment")
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"content")
    assert (answer.headers["Content-Type"], answer.headers["Content-Disposition"]) == ("text/plain", "attachment")


def test_a_deployment_without_its_bucket_says_which_variable_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GERO_BUCKET")
    with pytest.raises(GeroError, match="GERO_BUCKET"):
        blobs.get("w/one")


def test_an_object_carries_the_tags_that_its_lifecycle_goes_by() -> None:
    blobs.put_lines("w/one", [b"{}"], {"kept for": "30 days = 1 month"})
    blobs.put_lines("w/two", [b"{}"])
    tags = {key: aws.client("s3").get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"] for key in ("w/one", "w/two")}
    assert tags == {"w/one": [{"Key": "kept for", "Value": "30 days = 1 month"}], "w/two": []}
