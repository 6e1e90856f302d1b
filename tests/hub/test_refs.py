import pytest

from grokviz.errors import RunError
from grokviz.hub.refs import Ref, parse, run_id
from grokviz.runs.catalog import ID

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("owner/name", Ref("owner/name")),
        (" owner/name \n", Ref("owner/name")),
        ("owner/name@v1.0", Ref("owner/name", "v1.0")),
        (f"owner/name@{COMMIT}/a/b c.pth", Ref("owner/name", COMMIT, "a/b c.pth")),
        ("o.w-n_er/na.me/full_run_data.pth", Ref("o.w-n_er/na.me", None, "full_run_data.pth")),
        ("datasets/owner/name/x.pth", Ref("owner/name", None, "x.pth", True)),
        ("https://huggingface.co/owner/name", Ref("owner/name")),
        ("https://huggingface.co/owner/name/blob/main/x/y.pth", Ref("owner/name", "main", "x/y.pth")),
        ("https://huggingface.co/datasets/owner/name/resolve/main/y.pth?download=true", Ref("owner/name", "main", "y.pth", True)),
        ("https://huggingface.co/owner/name/tree/main", Ref("owner/name", "main")),
        ("hf.co/owner/name", Ref("owner/name")),
        ("huggingface.co/owner/name/", Ref("owner/name")),
        ("www.huggingface.co/owner/name", Ref("owner/name")),
        ("https://www.hf.co/owner/name?library=transformers", Ref("owner/name")),
        ("HTTPS://HuggingFace.co/owner/name#readme", Ref("owner/name")),
        ("https://huggingface.co/owner/name/blob/main/grokked%20model.pth", Ref("owner/name", "main", "grokked model.pth")),
        ("https://huggingface.co/owner/name/raw/main/y.pth?x=/a/b", Ref("owner/name", "main", "y.pth")),
        (f"https://huggingface.co/owner/name/commit/{COMMIT}", Ref("owner/name", COMMIT)),
        ("hf.co/datasets/owner/name/tree/main/", Ref("owner/name", "main", None, True)),
        ("hf://owner/name", Ref("owner/name")),
        ("hf://datasets/owner/name@v1/x/y.pth", Ref("owner/name", "v1", "x/y.pth", True)),
        ("hf://models/owner/name", Ref("owner/name")),
        ("owner/name/", Ref("owner/name")),
        ("<https://hf.co/owner/name>", Ref("owner/name")),
    ],
)  # fmt: skip
def test_what_people_paste(text, ref):
    assert parse(text) == ref
    assert parse(str(ref)) == ref


@pytest.mark.parametrize(
    "text",
    ["", "name", "owner/", "/owner/name", "owner/name@", "owner/../x", "owner/name/../../etc/passwd", "owner/name/.git",
     "owner/name//x", "owner/na me", "ow\nner/name", "owner/name@a/b/../c", "https://evil.example/owner/name",
     "http://huggingface.co.evil.example/owner/name", "owner/name\x00", "öwner/name", "a--b/c", "x" * 10_000,
     "x/" * 5_000, "owner/name@-x", "owner/-name", "owner/name?x=1", "$(reboot)/x", "owner/name/file\u202e.pth",
     "hf.co/owner", "hf.co", "huggingface.co/owner/", "www.hf.co/", "https://huggingface.co/spaces/owner/name",
     "https://huggingface.co/owner/name/blob/main/..%2f..%2fx", "https://huggingface.co/owner/name/%2e%2e/x",
     "https://huggingface.co/owner%00/name", "hf://", "hf://owner", "hf://hf.co/owner/name/x@y", "owner/name//",
     "https://huggingface.co/owner/name/discussions/1/x"],
)  # fmt: skip
def test_everything_else_is_refused_in_a_sentence(text):
    with pytest.raises(RunError, match="is no reference to the Hub") as error:
        parse(text)
    assert len(str(error.value)) < 300
    assert str(error.value).isprintable()


def test_the_name_of_a_run_is_one_and_tells_commits_and_files_apart():
    names = {
        run_id(Ref(repo, None, file), commit)
        for repo in ("Owner/Name", "owner-/name", "o" * 96 + "/" + "n" * 96)
        for file in (None, "a.pth", "b.pth")
        for commit in (COMMIT, "f" * 40)
    }
    assert len(names) == 18
    assert all(ID.fullmatch(name) for name in names)
