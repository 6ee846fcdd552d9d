"""The one S3 bucket: objects written whole. A key starts with the workspace's id; with `_` where it is everybody's."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any
from urllib.parse import urlencode

from gero.kit import aws, settings
from gero.kit.errors import Unavailable


def put(
    key: str,
    body: bytes | IO[bytes],
    content_type: str = "application/octet-stream",
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write an object. `tags` are what the bucket's lifecycle goes by; they need s3:PutObjectTagging."""
    tagging = {"Tagging": urlencode(tags)} if tags else {}
    _client().put_object(Bucket=_bucket(), Key=key, Body=body, ContentType=content_type, **tagging)


def put_lines(key: str, lines: list[bytes], tags: Mapping[str, str] | None = None) -> None:
    """Write JSON lines (without line ends) as one gzip object; the same lines give the same bytes."""
    put(key, gzip.compress(b"\n".join(lines) + b"\n", compresslevel=6, mtime=0), "application/gzip", tags)


def get(key: str) -> bytes | None:
    """The object's bytes, or None."""
    try:
        body: bytes = _client().get_object(Bucket=_bucket(), Key=key)["Body"].read()
        return body
    except Exception as error:
        if aws.error_code(error) in ("NoSuchKey", "404"):
            return None
        raise


def size(key: str) -> int | None:
    """How many bytes the object has; None when there is none."""
    try:
        return int(_client().head_object(Bucket=_bucket(), Key=key)["ContentLength"])
    except Exception as error:
        if aws.error_code(error) in ("NoSuchKey", "404"):
            return None
        raise


def get_lines(key: str) -> list[bytes]:
    """The lines of an object written by `put_lines`, empty ones left out; [] when there is no such object."""
    body = get(key)
    return [line for line in gzip.decompress(body).split(b"\n") if line] if body else []


def download(key: str, into: IO[bytes]) -> None:
    """Copy an object into a file in pieces, so that its size does not matter to memory."""
    body = _client().get_object(Bucket=_bucket(), Key=key)["Body"]
    for piece in body.iter_chunks(1 << 20):
        into.write(piece)


def get_range(key: str, start: int, stop: int) -> bytes:
    """The bytes from `start` up to, not including, `stop`."""
    body: bytes = _client().get_object(Bucket=_bucket(), Key=key, Range=f"bytes={start}-{stop - 1}")["Body"].read()
    return body


def signed_url(key: str, seconds: int, **response: str) -> str:
    """A URL from which anybody may download the object for `seconds`; `response`: headers S3 shall answer with."""
    parameters = {"Bucket": _bucket(), "Key": key, **response}
    url: str = _client().generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)
    return url


def keys(prefix: str) -> Iterator[str]:
    """The keys that start with `prefix`, in order."""
    for page in _client().get_paginator("list_objects_v2").paginate(Bucket=_bucket(), Prefix=prefix):
        for found in page.get("Contents", []):
            yield found["Key"]


def delete_all(prefix: str) -> int:
    """Delete every object under a prefix (earlier versions stay until the bucket's lifecycle ends them); the count."""
    names = list(keys(prefix))
    delete_many(names)
    return len(names)


def delete_many(names: Sequence[str]) -> None:
    """Delete objects by their keys; nothing happens where there is none."""
    for start in range(0, len(names), 1000):
        doomed = [{"Key": name} for name in names[start : start + 1000]]
        answer = _client().delete_objects(Bucket=_bucket(), Delete={"Objects": doomed, "Quiet": True})
        if answer.get("Errors"):
            raise Unavailable(f"{len(answer['Errors'])} objects could not be deleted; try again")


def _client() -> Any:
    return aws.client("s3")


def _bucket() -> str:
    return settings.required("GERO_BUCKET")
