"""A study of three sessions, reviewed in a real browser by keys and mouse."""

import itertools
import json
import re
import shutil
import signal
from contextlib import closing

import pytest

from realtime.capture.ring_buffer import FrameRing
from realtime.recording.labels import CoderAnswer, LabelFile
from realtime.recording.session_folder import SessionFolder
from realtime.recording.session_video import SessionVideo
from realtime.study.queue import read_queue
from realtime.study.study import open_study
from tests.program.conftest import FPS
from tests.program.reviews import HANG_MS, page_of, press, reviewing, save, wait_shown

CHROMIUM = shutil.which("chromium")
# Keeps one answer of the server from the page, until `letGo` is called.
HOLD_CLIP = """held => {
  const fetched = window.fetch;
  window.fetch = async (path, options) => {
    const answer = await fetched(path, options);
    if (path === held) {
      document.body.dataset.held = "yes";
      await new Promise(resolve => { window.letGo = resolve; });
    }
    return answer;
  };
}"""
HOSTILE = "<img src=x onerror=\"document.title='run'\">"

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("landmark_model")]


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with (
        sync_api.sync_playwright() as playwright,
        closing(
            playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        ) as opened,
    ):
        yield opened


@pytest.fixture
def study(analysed, tmp_path):
    """The same session of three people; the third has a hostile name."""
    for name, participant in (("a", "P01"), ("b", "P02"), ("c", HOSTILE)):
        shutil.copytree(analysed, tmp_path / "study" / name)
        record = tmp_path / "study" / name / "session.json"
        said = json.loads(record.read_text()) | {"participant": participant}
        record.write_text(json.dumps(said))
    return tmp_path / "study"


def answers(study, name, coder="reviewer"):
    return LabelFile(study / name, coder).labels


def first_flag(study):
    return open_study(study / "a").sessions[0].session.flagged[0]


def test_a_coder_goes_through_a_study(browser, study, pictures_to):
    per_session = len(open_study(study).sessions[0].session.flagged)
    assert per_session == 2
    flag = first_flag(study)
    with reviewing(study) as review, page_of(browser, review, viewport=HD) as page:
        wait_shown(page, 1)
        assert not page.locator("#prediction").is_visible()
        # an answer with everything, and an apex that is a frame later
        press(page, "3", "i")
        page.keyboard.type("R12B 4C")
        press(page, "Enter", "]", "]", "c")
        page.keyboard.type("left brow first")
        press(page, "Escape")
        apex = page.locator(".mark.apex")
        apex.focus()
        before = float(apex.get_attribute("aria-valuenow"))
        press(page, "ArrowRight")
        assert float(apex.get_attribute("aria-valuenow")) == pytest.approx(
            before + 1 / 30, abs=0.02
        )
        apex.blur()
        save(page)
        label = answers(study, "a")[flag.id]
        assert (label.word, label.confidence, label.comment) == ("surprise", 2, "left brow first")
        assert label.units == (("12", "right", "B"), ("4", "both", "C"))
        assert 0.01 < label.apex_s - flag.apex_s < 0.06
        # the program's word stays until the next
        assert "flagged" in page.locator("#prediction").inner_text()
        press(page, "d", "+", "+", "+")
        expect_text(page, "#view", "movement magnified × 4")
        pictures_to(page, "review")
        press(page, "Enter")
        wait_shown(page, 2)
        assert not page.locator("#prediction").is_visible()
        press(page, "0")
        save(page)
        press(page, "z")
        expect_text(page, "#status", "The answer is undone.")
        assert len(answers(study, "a")) == 1
        press(page, "u")
        save(page)
        press(page, "Enter")
        # the third is skipped, and come back to
        wait_shown(page, 3)
        press(page, "n")
        for number in (4, 5, 6):
            wait_shown(page, number)
            press(page, "0")
            save(page)
            press(page, "Enter")
        wait_shown(page, 3)
        page.get_by_role("button", name="Positive").click()
        page.locator("#save").click()
        page.wait_for_selector("#save.saved")
        press(page, "t")
        page.wait_for_selector(".figures")
        said = page.locator("body").inner_text()
        assert "6 of 6 answered" in said
        assert re.search(r"2 of 5 flagged movements were answered as", said)
        assert HOSTILE in said
        assert page.title() == "Summary – Fleeting"
        pictures_to(page, "review_summary")
        page.get_by_role("button", name="End the review").click()
        assert review.process.wait(HANG_MS) == 0
        assert "Precision: 40 %" in review.output()
    assert len(answers(study, "a")) == 2
    assert [label.answer for label in answers(study, "c").values()] == [CoderAnswer.NONE] * 2


def test_an_answer_pressed_while_a_clip_loads_is_not_stored_for_it(browser, study):
    with reviewing(study) as review, page_of(browser, review) as page:
        wait_shown(page, 1)
        page.evaluate(HOLD_CLIP, "/items/1/clip")
        press(page, "n")
        page.wait_for_selector("body[data-held=yes][data-state=loading]")
        press(page, "3", "Enter")
        expect_text(page, "#status", "Not taken: its clip has not been shown to the apex yet.")
        page.evaluate("window.letGo()")
        wait_shown(page, 2)
        assert page.locator("[data-answer][aria-pressed=true]").count() == 0
        assert answers(study, "a") == {}
        press(page, "0")
        save(page)
        assert [label.word for label in answers(study, "a").values()] == ["none"]


def test_the_letters_of_the_chart_grow_with_the_window(browser, study):
    """Room of the names beside the traces, in letters of the page."""

    def room():
        return page.evaluate(
            "document.querySelector('.u-over').offsetLeft"
            " / parseFloat(getComputedStyle(document.querySelector('#traces')).fontSize)"
        )

    with reviewing(study) as review, page_of(browser, review, viewport=HD) as page:
        wait_shown(page, 1)
        before = room()
        page.set_viewport_size({"width": 3840, "height": 2160})
        page.wait_for_function("document.querySelector('.u-over').offsetWidth > 3000")
        assert room() == pytest.approx(before, rel=0.1)


def test_two_tabs_lose_no_answer(browser, study):
    with reviewing(study) as review, page_of(browser, review) as page:
        wait_shown(page, 1)
        other = page.context.new_page()
        other.goto(review.origin)
        wait_shown(other, 1)
        page.bring_to_front()  # a tab behind another shows nothing
        press(page, "3")
        save(page)
        other.bring_to_front()
        press(other, "0", "Enter")
        expect_text(other, "#status", "not stored: it was answered in another window")
        press(other, "Escape", "n")
        wait_shown(other, 2)
        press(other, "0")
        save(other)
        assert [label.word for label in answers(study, "a").values()] == ["surprise", "none"]


def test_hostile_names_show_as_text(browser, study):
    hostile = study / "c"
    LabelFile(hostile, "eve")
    with reviewing(hostile, "--coder", "eve") as review, page_of(browser, review) as page:
        wait_shown(page, 1)
        assert HOSTILE in page.locator("#session").inner_text()
        press(page, "0", "c")
        page.keyboard.type(HOSTILE)
        press(page, "Enter")
        page.wait_for_selector("#save.saved")
        page.reload()
        wait_shown(page, 1)
        assert page.locator("#comment").input_value() == HOSTILE
        assert page.title() == "Review – Fleeting"
        assert page.locator("img").count() == 0


def test_a_sample_mixes_what_was_flagged_and_what_was_not(browser, study, pictures_to):
    with (
        reviewing(study, "--sample", "9") as review,
        page_of(browser, review, viewport=PHONE) as page,
    ):
        wait_shown(page, 1)
        item = page.evaluate("fetch('/items/0').then((answer) => answer.json())")
        assert item["prediction"] is None
        assert item["label"] is None
        assert not {"stratum", "item", "weight"} & set(item)
        press(page, "0")
        save(page)
        assert page.locator("#prediction dd").first.inner_text()
        pictures_to(page, "review_phone")
    queues = [read_queue(study / name, "reviewer") for name in "abc"]
    drawn = list(itertools.chain.from_iterable(queue.items for queue in queues))
    assert sorted(item.place for item in drawn) == list(range(9))
    assert {item.stratum for item in drawn} == {"flagged", "rejected", "random"}


def test_a_kept_video_plays_what_was_flagged_and_what_was_not(study, pictures):
    """The session of a camera, of which no clip is left: all comes from the segments."""
    folder = study / "a"
    record = json.loads((folder / "session.json").read_text())
    (folder / "session.json").write_text(json.dumps(record | {"source": "camera 0"}))
    shutil.rmtree(folder / "clips")
    ring = FrameRing(len(pictures), lossless=True)
    with SessionVideo(SessionFolder(folder), ring, free_bytes=lambda: 10**9, segment_s=4) as video:
        for number, picture in enumerate(pictures):
            ring.push(round(1e9 * number / FPS), picture)
            if number == 0:
                video.begin(0, 0)
        ring.close()
    with reviewing(folder, "--sample", "3") as review:
        cookie = review.enter()
        for item in read_queue(folder, "reviewer").items:
            status, _, clip = review.ask("GET", f"/items/{item.place}/clip", cookie=cookie)
            assert status == 200
            times = json.loads(clip[4 : 4 + int.from_bytes(clip[:4], "little")])["times"]
            assert times[0] < item.start_s + 0.5
            assert times[-1] > item.end_s - 0.5
            assert times == pytest.approx([round(t_s * FPS) / FPS for t_s in times], abs=1e-4)
    strata = [item.stratum for item in read_queue(folder, "reviewer").items]
    assert sorted(strata) == ["flagged", "random", "rejected"]


def test_killed_in_the_middle_of_an_answer_every_earlier_one_is_kept(browser, study):
    with reviewing(study) as review, page_of(browser, review) as page:
        for number in (1, 2):
            wait_shown(page, number)
            press(page, "3")
            save(page)
            press(page, "Enter")
        wait_shown(page, 3)

        def kill_first(route):
            review.process.kill()
            review.process.wait(HANG_MS)
            route.continue_()

        page.route("**/answer", kill_first)
        press(page, "0", "Enter")
        expect_text(page, "#status", "The server does not answer.")
        assert page.locator("[data-answer=none]").get_attribute("aria-pressed") == "true"
    assert [label.word for label in answers(study, "a").values()] == ["surprise"] * 2
    with reviewing(study) as review, page_of(browser, review) as page:
        wait_shown(page, 3)


def test_only_the_browser_that_was_given_the_address_is_answered(study):
    with reviewing(study) as review:
        ask, own = review.ask, f"127.0.0.1:{review.port}"
        assert ask("GET", "/")[0] == 403
        assert ask("GET", "/queue")[0] == 403
        assert ask("GET", "/?token=guessed")[0] == 403
        assert ask("GET", f"/?token={review.token}", host="evil.example")[0] == 421
        assert ask("GET", f"/queue?token={review.token}")[0] == 403
        cookie = review.enter()
        assert ask("GET", f"/?token={review.token}")[0] == 403  # it opens one browser, once
        status, headers, _ = ask("GET", "/", cookie=cookie)
        assert status == 200
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert ask("GET", "/queue", cookie=cookie)[0] == 200
        assert ask("GET", "/queue", cookie=cookie, host=f"rebound.example:{review.port}")[0] == 421
        assert ask("GET", "/queue", cookie=cookie, origin="http://evil.example")[0] == 403
        form = {"replaces": "", "answer": "none", "onset_s": 1, "apex_s": 1, "offset_s": 1}
        unseen = form | {"ticket": "made-up"}
        assert ask("POST", "/items/0/answer", unseen, cookie=cookie)[0] == 403
        foreign = {"cookie": cookie, "origin": "http://127.0.0.1:1"}
        assert ask("POST", "/items/0/answer", unseen, **foreign)[0] == 403
        ours = {"cookie": cookie, "origin": f"http://{own}"}
        assert ask("POST", "/items/0/answer", unseen, **ours)[0] == 409
        assert ask("POST", "/items/0/answer", {"no": "answer"}, **ours)[0] == 422
        assert ask("POST", "/items/0/answer", "x" * 100_000, **ours)[0] == 413
        assert ask("GET", "/items/99", cookie=cookie)[0] == 404
        assert ask("GET", "/static/../program.py", cookie=cookie)[0] == 404
        assert answers(study, "a") == {}
        _, headers, _ = ask("GET", "/items/0/clip", cookie=cookie)
        seen = form | {"ticket": headers["x-ticket"]}
        assert ask("POST", "/items/1/answer", seen, **ours)[0] == 409  # of another clip
        assert ask("POST", "/items/0/answer", seen, **ours)[0] == 200
        assert len(answers(study, "a")) == 1
        review.process.send_signal(signal.SIGINT)
        assert review.process.wait(HANG_MS) == 130


HD = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}


def expect_text(page, selector, text):
    page.wait_for_function(
        "([selector, text]) => document.querySelector(selector).textContent.includes(text)",
        arg=[selector, text],
    )


@pytest.fixture
def pictures_to(request):
    """Keeps a picture of the page under --pictures FOLDER, for the docs."""
    folder = request.config.getoption("--pictures")

    def keep(page, name):
        if folder:
            page.wait_for_timeout(600)
            page.screenshot(path=f"{folder}/{name}.png")

    return keep
