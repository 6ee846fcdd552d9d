import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.datasets import HubFile, parse_url
from gero.kit import Invalid

HUB = "https://huggingface.co/datasets"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{HUB}/a/b/resolve/main/f.jsonl", HubFile("a/b", "main", "f.jsonl")),
        (f"{HUB}/a/b/blob/main/f.jsonl", HubFile("a/b", "main", "f.jsonl")),
        (f"{HUB}/a/b/raw/v1.0/data/f.jsonl.gz", HubFile("a/b", "v1.0", "data/f.jsonl.gz")),
        (f"{HUB}/squad/resolve/main/f.ndjson", HubFile("squad", "main", "f.ndjson")),
        (f"{HUB}/a/b/resolve/main/f.jsonl?download=true", HubFile("a/b", "main", "f.jsonl")),
        (f"{HUB}/a/b/blob/main/f.jsonl#L5", HubFile("a/b", "main", "f.jsonl")),
        (f"{HUB}/a/b/resolve/main/my%20file.jsonl", HubFile("a/b", "main", "my file.jsonl")),
        (f"{HUB}/a/b/resolve/refs%2Fpr%2F1/f.jsonl", HubFile("a/b", "refs/pr/1", "f.jsonl")),
        (f"{HUB}/a/b/resolve/refs/pr/1/f.jsonl", HubFile("a/b", "refs/pr/1", "f.jsonl")),
        (f"{HUB}/a/b/resolve/refs/convert/jsonl/x/f.jsonl", HubFile("a/b", "refs/convert/jsonl", "x/f.jsonl")),
        (f"{HUB}/a/b/blob/refs%2Fconvert%2Fjsonl/f.jsonl", HubFile("a/b", "refs/convert/jsonl", "f.jsonl")),
        (f"{HUB}/a/b/resolve/feature%2Fx/f.jsonl", HubFile("a/b", "feature/x", "f.jsonl")),
        ("https://www.huggingface.co/datasets/a/b/blob/main/f.jsonl", HubFile("a/b", "main", "f.jsonl")),
        ("https://hf.co/datasets/a/b/resolve/main/f.jsonl", HubFile("a/b", "main", "f.jsonl")),
        ("datasets/a/b/resolve/v1/f.jsonl", HubFile("a/b", "v1", "f.jsonl")),
        ("datasets/a/b/raw/refs/pr/2/f.jsonl", HubFile("a/b", "refs/pr/2", "f.jsonl")),
        ("datasets/a/b/data/f.jsonl", HubFile("a/b", "main", "data/f.jsonl")),
        ("datasets/a/b@v1/f.jsonl", HubFile("a/b", "v1", "f.jsonl")),
        ("hf://datasets/a/b/f.jsonl", HubFile("a/b", "main", "f.jsonl")),
        ("hf://datasets/a/b@v2/data/f.json.gz", HubFile("a/b", "v2", "data/f.json.gz")),
        ("hf://datasets/a/b@refs/pr/1/f.jsonl", HubFile("a/b", "refs/pr/1", "f.jsonl")),
        ("hf://datasets/a/b@refs%2Fpr%2F1/f.jsonl", HubFile("a/b", "refs/pr/1", "f.jsonl")),
        (f"{HUB}/a/b/resolve/main/train", HubFile("a/b", "main", "train")),
        (f"{HUB}/a/b/resolve/main/train.v1.2", HubFile("a/b", "main", "train.v1.2")),
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
        "models/a/b/f.jsonl",
        f"{HUB}/a/b/resolve/main/../../x.jsonl",
        f"{HUB}/a/b/resolve/main/%2e%2e/x.jsonl",
        f"{HUB}/a/b/resolve/main//x.jsonl",
        f"{HUB}/a/b/resolve/%2e%2e/x.jsonl",
        f"{HUB}/../b/resolve/main/x.jsonl",
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


@pytest.mark.parametrize(
    "url",
    [
        f"{HUB}/a/b",
        f"{HUB}/a/b/",
        f"{HUB}/a/b/tree/main/data",
        f"{HUB}/a/b/viewer/default/train?row=1",
        f"{HUB}/a/b/resolve/main/",
        "datasets/a/b",
        "hf://datasets/a/b",
    ],
)
def test_the_page_of_a_dataset_is_told_apart_from_its_files(url: str) -> None:
    with pytest.raises(Invalid, match=r"dataset's page; give one of its files, such as .*/a/b/resolve/main/FILE"):
        parse_url(url)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("f.parquet", r"a \.parquet file is not JSON lines.*to_json"),
        ("data/F.CSV", r"\.csv"),
        ("f.csv.gz", r"\.csv"),
        ("f.txt", r"\.txt"),
        ("README.md", r"\.md"),
        ("f.zip", "archive; unpack it"),
        ("f.tar.gz", "archive"),
        ("f.jsonl.zst", r"compressed with zstd; store it as \.jsonl or \.jsonl\.gz"),
    ],
)
def test_a_file_of_another_format_is_refused_by_its_name_with_what_to_do(name: str, told: str) -> None:
    with pytest.raises(Invalid, match=told) as refused:
        parse_url(f"{HUB}/a/b/resolve/main/{name}")
    assert refused.value.code == "not_json_lines"


def test_a_file_is_served_by_the_hub_of_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    file = parse_url(f"{HUB}/a/b/resolve/refs%2Fpr%2F1/my%20file.jsonl")
    assert file.url == f"{HUB}/a/b/resolve/refs%2Fpr%2F1/my%20file.jsonl"
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.test/hub/")
    assert file.url.startswith("http://mirror.test/hub/datasets/a/b/")
    assert parse_url("http://mirror.test/datasets/a/b/resolve/main/f.jsonl").repo == "a/b"


@given(
    st.text()
    | st.lists(st.sampled_from(["datasets", "a", "b@main", "resolve", "main", "..", ".", "%2e%2e", "f.jsonl", ""])).map(
        lambda parts: "hf://" + "/".join(["datasets", "a", *parts])
    )
)
def test_any_text_is_a_file_of_the_hub_or_refused(text: str) -> None:
    try:
        file = parse_url(text)
    except Invalid:
        return
    assert file.url.startswith(f"{HUB}/{file.repo}/resolve/")
    assert not {"", ".", ".."} & set(file.url.removeprefix("https://").split("/"))
