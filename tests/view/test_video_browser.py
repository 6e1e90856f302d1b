"""The film between two steps as a file: a video that is encoded or recorded, and a GIF. All made by the browser."""

import base64
import io
import re
import time

import numpy as np
import pytest
from PIL import Image

STEP = "globalThis.grokvizScrubbers.active.step()"
FEWER = """
const supported = VideoEncoder.isConfigSupported.bind(VideoEncoder);
VideoEncoder.isConfigSupported = async (config) =>
  config.codec.startsWith("avc1") ? { supported: false, config } : supported(config);
"""
FAILS = "VideoEncoder.prototype.encode = () => { throw new Error('no room'); };"
NONE = "delete globalThis.VideoEncoder;"
# Size, duration, and the picture at both ends of a video.
PLAYED = """async (data) => {
    const video = document.createElement("video"), bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    video.muted = true;
    video.src = URL.createObjectURL(new Blob([bytes]));
    await new Promise((resolve, reject) => { video.onloadeddata = resolve; video.onerror = reject; });
    document.body.append(video);
    const seen = async (at) => {
        const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
        video.currentTime = at;
        await shown;
        const canvas = Object.assign(document.createElement("canvas"), { width: 800, height: 450 });
        canvas.getContext("2d").drawImage(video, 0, 0, 800, 450);
        return canvas.toDataURL("image/png").split(",")[1];
    };
    const first = await seen(0.01), last = await seen(1e6), { videoWidth, videoHeight, currentTime } = video;
    await video.play();
    return { size: [videoWidth, videoHeight], seconds: currentTime, first, last };
}"""

pytestmark = pytest.mark.browser


def saved(page, button, seconds, first_step):
    """The bytes and the name of a film that is saved, and how long that took."""
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Seconds of the video").fill(str(seconds))
    page.get_by_label("First step of the video").fill(str(first_step))
    begin = time.monotonic()
    with page.expect_download(timeout=60_000) as event:
        page.get_by_role("button", name=button).click()
    took = time.monotonic() - begin
    return event.value.path().read_bytes(), event.value.suggested_filename, took


def played(open_page, address, data):
    return open_page(address).evaluate(PLAYED, base64.b64encode(data).decode())


def pixels(image):
    return np.asarray(image.convert("RGB").resize((800, 450))).astype(int)


@pytest.mark.slow
def test_five_seconds_of_the_film_are_an_mp4_within_twenty_seconds(open_page, address):
    page = open_page(address)
    before = page.evaluate(STEP)
    data, name, took = saved(page, "Save as a video", 5, 5000)
    assert took < 20
    assert re.fullmatch(r"grokviz-.+-film\.mp4", name)
    assert data[4:8] == b"ftyp"
    page.get_by_text("MP4, H.264").wait_for()
    assert page.evaluate(STEP) == before
    film = played(open_page, address, data)
    assert film["size"] == [1280, 720]
    assert film["seconds"] == pytest.approx(5, abs=0.1)
    # The GIF of the same steps comes from another encoder.
    other = open_page(address)
    gif, _, _ = saved(other, "Save as a GIF", 5, 5000)
    ends = [pixels(Image.open(io.BytesIO(base64.b64decode(film[end])))) for end in ("first", "last")]
    with Image.open(io.BytesIO(gif)) as reel:
        for end, frame in zip(ends, (0, reel.n_frames - 1), strict=True):  # pyright: ignore[reportAttributeAccessIssue]
            reel.seek(frame)
            assert np.abs(end - pixels(reel)).mean() < 4
    assert np.abs(ends[0] - ends[1]).max() > 100
    assert page.errors == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lacks", "said"),
    [(FEWER, "MP4, VP9"), (FAILS, "recorded while it played"), (NONE, "recorded while it played")],
)
def test_what_the_browser_cannot_encode_is_made_in_another_way(open_page, address, lacks, said):
    page = open_page(address, init=lacks)
    data, name, _ = saved(page, "Save as a video", 1, 5000)
    assert re.fullmatch(r"grokviz-.+-film\.(mp4|webm)", name)
    page.get_by_text(said).wait_for()
    film = played(open_page, address, data)
    assert film["size"] == [1280, 720]
    assert 0.8 < film["seconds"] < 3
    assert page.errors == []


@pytest.mark.slow
def test_two_runs_beside_each_other_are_saved_in_one_film(open_page, two_runs):
    page = open_page(two_runs)
    page.wait_for_function("document.querySelectorAll('[data-panel=answers]').length === 2")
    data, _, _ = saved(page, "Save as a video", 1, 5000)
    film = played(open_page, two_runs, data)
    assert film["size"] == [1280, 720]
    last = pixels(Image.open(io.BytesIO(base64.b64decode(film["last"]))))
    background = last[0, 0]
    for left, right in ((0, 260), (270, 525), (540, 800)):  # A, B, and where they differ
        ink = np.abs(last[200:430, left:right] - background).sum(axis=2) > 60
        assert ink.mean() > 0.3, left
    assert page.errors == []


def test_a_film_that_is_being_made_can_be_stopped(open_page, address):
    page = open_page(address)
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Seconds of the video").fill("60")
    before = page.evaluate(STEP)
    page.get_by_role("button", name="Save as a video").click()
    page.get_by_role("button", name="% made. Stop").click()
    page.get_by_role("button", name="Save as a video").wait_for()
    assert page.evaluate(STEP) == before
    assert page.errors == []


def test_the_film_is_saved_as_a_gif(open_page, address):
    page = open_page(address)
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Seconds of the video").fill("1")
    before = page.evaluate(STEP)
    with page.expect_download(timeout=60_000) as event:
        page.get_by_role("button", name="Save as a GIF").click()
    assert re.fullmatch(r"grokviz-.+-film\.gif", event.value.suggested_filename)
    data = event.value.path().read_bytes()
    assert data[:6] == b"GIF89a"
    assert [int.from_bytes(data[i : i + 2], "little") for i in (6, 8)] == [800, 450]
    with Image.open(event.value.path()) as film:
        assert film.n_frames == 13  # pyright: ignore[reportAttributeAccessIssue] (of 80 ms each)
        first = np.asarray(film.convert("RGB")).astype(int)
        film.seek(12)
        assert np.abs(np.asarray(film.convert("RGB")).astype(int) - first).max() > 100
    assert page.evaluate(STEP) == before
    assert page.errors == []
