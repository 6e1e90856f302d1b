"""The door for uploads: a stranger sends files to it by hand, with the session of a page that asks for none."""

import asyncio
import http.client
from types import SimpleNamespace

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from devtools import browser
from devtools.server import commanded, free_port, serving
from devtools.visitor import come
from grokviz import hosting
from grokviz.app.session import budget, uploads
from grokviz.app.session.uploads import Asked, Door
from grokviz.errors import HostingError
from tests.rates import measured

MB = 1_000_000


@pytest.fixture
def runtime():
    files = MemoryUploadedFileManager("/upload")
    return SimpleNamespace(uploaded_file_mgr=files, is_active_session=lambda session: session != "gone")


def bring(runtime, session, megabytes, name="f"):
    file = UploadedFileRec(name, name, "application/zip", b"0" * (megabytes * MB))
    runtime.uploaded_file_mgr.add_file(session, file)


def held(runtime):
    return (
        sum(len(f.data) for files in runtime.uploaded_file_mgr.file_storage.values() for f in files.values())
        // MB
    )


def refused(status, *asked):
    with pytest.raises(HTTPException) as error:
        bring(*asked)
    assert error.value.status_code == status


def test_a_session_brings_one_file_while_its_page_asks(runtime):
    door = Door(runtime)
    assert not runtime.is_active_session("a")
    refused(403, runtime, "a", 1)
    door.open("a", Asked(3 * MB, "who"))
    assert runtime.is_active_session("a")
    bring(runtime, "a", 3)
    assert door.refusal("f") == ""
    bring(runtime, "a", 2, "another")
    assert held(runtime) == 2
    door.shut("a")
    assert held(runtime) == 0
    refused(403, runtime, "a", 1)


def test_what_is_refused_arrives_empty_with_a_sentence(runtime):
    """The browser would show the number of an HTTP status."""
    door = Door(runtime)
    door.open("a", Asked(3 * MB, "who"))
    bring(runtime, "a", 4)
    assert held(runtime) == 0
    assert "holds 4 MB, and this page takes 3 MB" in door.refusal("f")
    assert door.refusal("f") == ""


def test_sessions_that_have_gone_may_not(runtime):
    door = Door(runtime)
    door.open("gone", Asked(MB, "who"))
    assert not runtime.is_active_session("gone")


@pytest.fixture
def hosted(monkeypatch):
    monkeypatch.setenv(hosting.HOSTED, "1")
    monkeypatch.setenv(hosting.LIMITS, "uploads_mb=5,transfer_mb=8,upload_mb=3")
    monkeypatch.setattr(uploads.config, "set_option", lambda name, value: None)
    budget.BYTES.clear()
    yield
    budget.BYTES.clear()


def test_all_visitors_together_hold_so_much(runtime, hosted):
    door = Door(runtime)
    for session in "abc":
        door.open(session, Asked(3 * MB, session))
    bring(runtime, "a", 3)
    bring(runtime, "b", 3)
    assert "Other visitors are bringing files" in door.refusal("f")
    bring(runtime, "c", 2)
    assert held(runtime) == 5


def test_a_visitor_brings_so_much_and_begins_no_more_than_they_may(runtime, hosted):
    door = Door(runtime)
    door.open("a", Asked(3 * MB, "who"))
    for _ in range(2):
        assert runtime.is_active_session("a")  # two begin: 6 MB, until it is known what they hold
    bring(runtime, "a", 1)
    assert budget.BYTES.total("who") == 4 * MB
    begun = 0
    while runtime.is_active_session("a"):
        begun += 1
    assert begun == 4  # up to 14 MB: the last of them are told why
    bring(runtime, "a", 1)
    assert "bring, take home and fetch 8 MB, and you have" in door.refusal("f")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budget, "payer", lambda: "who")
        with pytest.raises(HostingError, match="8 MB, and you have"):
            uploads.ask(3)


def test_the_largest_file_is_known_before_one_is_read(runtime, hosted, monkeypatch):
    told = {}
    monkeypatch.setattr(uploads.config, "set_option", told.__setitem__)
    Door(runtime)
    assert told == {"server.maxUploadSize": 3}


@pytest.mark.slow
def test_a_stranger_at_a_real_server(no_runs):
    """Pages that ask for no file take none, whatever a session sends; the page that does takes one."""
    port = free_port()
    with commanded(port):
        asyncio.run(_knock(port))


async def _knock(port):
    visitor = await come(port)
    await visitor.open("glossary")
    assert await asyncio.to_thread(_put, port, visitor.session) == 400
    await visitor.open("train")
    assert await asyncio.to_thread(_put, port, visitor.session) == 204
    await visitor.open("glossary")
    assert await asyncio.to_thread(_put, port, visitor.session) == 400
    await visitor.socket.close()


def _put(port, session):
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    server.request("GET", "/_stcore/health")
    answer = server.getresponse()
    answer.read()
    cookie = answer.getheader("Set-Cookie", "").split(";")[0]
    edge = "stranger"
    body = f'--{edge}\r\nContent-Disposition: form-data; name="f"; filename="f.zip"\r\n\r\n{"0" * 1000}\r\n--{edge}--\r\n'
    headers = {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Cookie": cookie,
        "X-Xsrftoken": cookie.partition("=")[2],
    }
    server.request("PUT", f"/_stcore/upload_file/{session}/one", body, headers)
    status = server.getresponse().status
    server.close()
    return status


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_says_why_a_file_is_refused_and_then_takes_none(tmp_path):
    """In a browser, on a shared machine: a sentence of ours, and no number of an HTTP status."""
    limits = {"GROKVIZ_HOSTED": "1", "GROKVIZ_LIMITS": "uploads_mb=1,transfer_mb=3,upload_mb=5"}
    with serving(GROKVIZ_RUNS=str(measured(tmp_path)), **limits) as address, browser.launch() as chrome:
        page = chrome.new_page()
        page.goto(f"{address}/train", timeout=60_000)
        page.get_by_text("Bring a run that you have as a zip").click()
        box = page.locator('input[type="file"]')
        box.wait_for(state="attached", timeout=60_000)
        box.set_input_files({"name": "run.zip", "mimeType": "application/zip", "buffer": bytes(2 * MB)})
        page.get_by_text("Other visitors are bringing files").wait_for(timeout=60_000)
        box.set_input_files({"name": "more.zip", "mimeType": "application/zip", "buffer": bytes(2 * MB)})
        page.get_by_text("bring, take home and fetch 3 MB, and you have").first.wait_for(
            timeout=60_000, state="attached"
        )
        assert page.get_by_text("status code").count() == 0
        page.reload()
        page.get_by_text("bring, take home and fetch 3 MB, and you have").first.wait_for(
            timeout=60_000, state="attached"
        )
        assert box.count() == 0
