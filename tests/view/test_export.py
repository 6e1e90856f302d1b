import base64
import dataclasses
import re
import subprocess
import sys

import pytest

from devtools.made_up_run import run_like
from grokviz.view.export import offline_html
from grokviz.view.frames import maps_blob, timeline_blob

HOSTILE = '</script><script>window.hacked = 1</script>"<img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def made():
    return run_like(p=13, n=5, keys=(2, 5), neurons=2)


def test_the_blob_is_inside_untouched(made):
    blob = timeline_blob(*made)
    page = offline_html(blob, "a run")
    data = re.search(r'id="timeline">([^<]+)</script>', page)
    assert data is not None
    assert base64.b64decode(data[1]).endswith(blob)


def test_nothing_in_it_reaches_for_the_network(made):
    page = offline_html(timeline_blob(*made), "a run", maps=maps_blob(*made[:2]))
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    page = page.replace('<iframe src="${', "")  # the code that is copied for another page
    assert not re.search(r"\b(import\(|fetch\(|XMLHttpRequest|<link|src=)", page)


def test_hostile_texts_are_escaped(made):
    run, timeline, task, phases = run_like(p=13, n=5, keys=(2, 5), title=HOSTILE)
    run = dataclasses.replace(run, sentence=HOSTILE)
    page = offline_html(timeline_blob(run, timeline, task, phases), run.title)
    assert HOSTILE not in page
    assert page.count("window.hacked") == 3  # as text in <title>, <h1> and <p>; in the blob it is base64
    assert page.count("<script") == 2


def test_panels_that_need_the_maps_are_left_out_without_them(made):
    blob = timeline_blob(*made)
    control = base64.b64decode(re.search(r'id="timeline">([^<]+)<', offline_html(blob, "a run"))[1])[:400]
    assert b"rings" in control
    assert b"neurons" not in control


def test_making_it_needs_no_streamlit():
    code = "import sys, grokviz.view.export; assert 'streamlit' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
