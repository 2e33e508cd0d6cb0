"""A page printed to PDF by a browser that is installed, without a window or network."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from realtime.errors import RecordingError, SettingsError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")

_PATIENCE_S = 300


def find_browser() -> str:
    """Its path.

    Raises:
        SettingsError: there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SettingsError(
            "a PDF is printed by Chromium or Chrome, and neither is installed: "
            "write report.html, and print it from your browser"
        )
    return found


def printed(page: str) -> bytes:
    """The page as PDF.

    Raises:
        SettingsError: there is no browser.
        RecordingError: the browser failed.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="fleeting-") as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, "utf-8")
        command = [
            *(browser, "--headless", "--disable-gpu", "--no-pdf-header-footer"),
            # the page holds no script; a container or root has no sandbox to give
            *("--no-sandbox", f"--user-data-dir={folder}/profile"),
            *(f"--print-to-pdf={target}", source.as_uri()),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RecordingError(f"{browser} did not print the report: {error}") from error
        if not target.is_file():
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise RecordingError(f"{browser} did not print the report: {' '.join(said)}")
        return target.read_bytes()
