"""What a file is: JSON lines, or one of the formats that people give instead, with what to do about it."""

import re

from gero.kit import Invalid

# Where a file begins to say what it is; a tar archive does at byte 257.
HEAD_BYTES = 512
_COMPRESSED = {"zst": "zstd", "bz2": "bzip2", "xz": "xz", "lz4": "lz4", "br": "brotli"}
_ARCHIVES = {"zip", "tar", "tgz", "7z", "rar"}
_TABLES = {"parquet", "arrow", "feather", "orc", "avro", "csv", "tsv", "xlsx", "xls", "sqlite", "db", "h5", "lance"}
_OTHERS = {"txt", "md", "rst", "html", "htm", "xml", "yaml", "yml", "pdf", "py", "ipynb", "toml"} | {
    *("npy", "npz", "pkl", "pickle", "pt", "bin", "safetensors"),
    *("png", "jpg", "jpeg", "gif", "webp", "wav", "mp3", "flac", "mp4"),
}
_TO_LINES = 'write it as JSON lines, such as with datasets.load_dataset(…)["train"].to_json("rows.jsonl")'
_TO_GZIP = "store it as .jsonl or .jsonl.gz"
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "a Parquet file", _TO_LINES),
    (b"ARROW1", "an Arrow file", _TO_LINES),
    (b"ORC", "an ORC file", _TO_LINES),
    (b"Obj\x01", "an Avro file", _TO_LINES),
    (b"SQLite format 3\0", "an SQLite database", _TO_LINES),
    (b"PK\x03\x04", "a zip archive", f"unpack it and {_TO_GZIP}"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", f"unpack it and {_TO_GZIP}"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", _TO_GZIP),
    (b"BZh", "compressed with bzip2", _TO_GZIP),
    (b"\xfd7zXZ\0", "compressed with xz", _TO_GZIP),
    (b"\x1f\x8b", "compressed with gzip twice", "compress it once"),
    (b"%PDF", "a PDF", _TO_LINES),
    (b"version https://git-lfs", "a Git LFS pointer, not the file behind it", "upload the file itself to the hub"),
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_BROKEN_OBJECT = re.compile(rb"\{[ \t\r]*\n")


def check_name(path: str, field: str) -> None:
    """Invalid when the name's ending is that of a format which is not JSON lines; other names may hold anything."""
    *_, ending = path.lower().removesuffix(".gz").rsplit("/", 1)[-1].rpartition(".")
    if ending in _COMPRESSED:
        refusal = f"the file is compressed with {_COMPRESSED[ending]}; {_TO_GZIP}"
    elif ending in _ARCHIVES:
        refusal = f"the file is an archive; unpack it and {_TO_GZIP}"
    elif ending in _TABLES | _OTHERS:
        refusal = f"a .{ending} file is not JSON lines; give a .jsonl or .jsonl.gz file, or {_TO_LINES}"
    else:
        return
    raise Invalid(f"{field}: {refusal}", field=field, code="not_json_lines")


def check_content(head: bytes) -> None:
    """Invalid when a file that begins with `head` (uncompressed) is surely something other than JSON lines."""
    if told := _recognized(head.removeprefix(_BOM)):
        raise Invalid("the file is {}; {}".format(*told), code="not_json_lines")


def _recognized(head: bytes) -> tuple[str, str] | None:
    for magic, name, fix in _MAGIC:
        if head.startswith(magic):
            return name, fix
    if head[257:262] == b"ustar":
        return "a tar archive", f"unpack it and {_TO_GZIP}"
    if head.startswith(_UTF_16) or b"\0" in head[:4]:
        return "UTF-16, UTF-32 or binary", "save it as UTF-8"
    return _recognized_text(head.lstrip())


def _recognized_text(text: bytes) -> tuple[str, str] | None:
    if text.startswith(b"<"):
        return "HTML or XML", _TO_LINES
    if text.startswith(b"["):
        return "one JSON array", "write each of its objects on a line of its own (jq -c '.[]')"
    if _BROKEN_OBJECT.match(text):
        return "JSON over several lines", "write each object on one line (jq -c .)"
    return None
