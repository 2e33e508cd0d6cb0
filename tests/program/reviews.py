"""`fleeting review` as a user starts it: its process, its address, a browser on its page."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.paths import ROOT

HANG_S = 120
HANG_MS = 1000 * HANG_S
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)")


@dataclass(frozen=True, slots=True)
class RunningReview:
    process: subprocess.Popen[str]
    address: str
    port: int
    token: str

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request, as any program can make it."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=HANG_S)
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, own)
        answer = connection.getresponse()
        found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        connection.close()
        return found

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def enter(self) -> str:
        """Exchange the token; the cookie."""
        status, headers, _ = self.ask("GET", f"/?token={self.token}")
        assert status == 200
        return headers["set-cookie"].partition(";")[0]

    def output(self) -> str:
        """Of a process that has ended or ends now, what it printed after the address."""
        out, _ = self.process.communicate(timeout=HANG_S)
        return out


@contextmanager
def reviewing(study: Path, *options: str) -> Iterator[RunningReview]:
    command = [sys.executable, "-m", "realtime.cli.programs", "review", str(study), "--no-open"]
    process = subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # a shell starts what runs in the background deaf to Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if match := _ADDRESS.search(line):
                yield RunningReview(process, match[0], int(match[1]), match[2])
                break
        else:
            raise AssertionError("".join(said))
    finally:
        process.kill()
        process.wait(HANG_S)
        process.stdout.close()


@contextmanager
def page_of(browser: Browser, review: RunningReview, **options: Any) -> Iterator[Page]:
    """The page in a browser of its own; no error of its scripts is passed over."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(HANG_MS)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(review.address)
        yield page
        assert errors == []


def wait_shown(page: Page, number: int) -> None:
    """Until the clip of an item has been shown to its apex."""
    expect(page.locator("#place")).to_contain_text(f"Item {number} of", timeout=HANG_MS)
    page.wait_for_selector("#answer:not(.waiting)")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def save(page: Page) -> None:
    press(page, "Enter")
    page.wait_for_selector("#save.saved")
