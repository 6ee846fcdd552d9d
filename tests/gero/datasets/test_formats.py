import gzip
import io
import json
import tarfile
import zipfile

import pytest

from gero.datasets import split
from gero.kit import Invalid

ROW = b'{"input": "a"}'


def tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("rows.jsonl"))
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("rows.jsonl", ROW)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PAR1\x15\x04", "a Parquet file; write it as JSON lines"),
        (b"ARROW1\0\0", "an Arrow file"),
        (zipped(), "a zip archive; unpack it"),
        (tar(), "a tar archive"),
        (b"\x28\xb5\x2f\xfd\0\0", "compressed with zstd; store it as .jsonl or .jsonl.gz"),
        (gzip.compress(ROW), "compressed with gzip twice"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b'\n  [\n{"input": "a"}]', "one JSON array; write each of its objects on a line"),
        (json.dumps([{"input": "a"}] * 100_000).encode(), "one JSON array"),
        (json.dumps({"input": "a"}, indent=2).encode(), "JSON over several lines"),
        (b'{\r\n  "input": 1}', "JSON over several lines"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (ROW.decode().encode("utf-16"), "UTF-16, UTF-32 or binary; save it as UTF-8"),
        (ROW.decode().encode("utf-16-be"), "UTF-16"),
        (ROW.decode().encode("utf-32"), "UTF-32"),
        (b"\xef\xbb\xbf[1]", "one JSON array"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("size", [1, 100_000])
def test_another_format_is_refused_by_its_content_in_one_sentence(content: bytes, told: str, size: int) -> None:
    for wire in (content, gzip.compress(content)) if content[:2] != b"\x1f\x8b" else (gzip.compress(content),):
        with pytest.raises(Invalid) as refused:
            list(split(wire[start : start + size] for start in range(0, len(wire), size)))
        assert told in refused.value.message
        assert refused.value.code == "not_json_lines"


@pytest.mark.parametrize("content", [ROW, b"\n\n" + ROW, b"\xef\xbb\xbf" + ROW, b"nonsense\n" + ROW, b"{}", b""])
def test_what_may_be_json_lines_is_read(content: bytes) -> None:
    assert b"\n".join(split([content])) == content
