"""What is said of licences, hashes and tests holds of what is there."""

import re
import tomllib
from pathlib import Path

import av
import pytest

from tests.paths import ROOT

COPYLEFT = {
    "libx264": "x264",
    "libx265": "x265",
    "libmp3lame": "LAME",
    "libgnutls": "GnuTLS",
    "libnettle": "Nettle",
    "libgmp": "GMP",
    "libunistring": "libunistring",
    "libQt5Core": "Qt 5",
}
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\S+)", re.MULTILINE)


def test_the_page_names_tests_that_exist():
    named = re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "docs/trust.md").read_text("utf-8"))
    assert len(named) > 10
    for path in named:
        assert (ROOT / path).is_file(), path


def name(text):
    return re.sub(r"[-_.]+", "-", text).lower()


def pins(text):
    return {(name(found[1]), found[2]) for found in _PIN.finditer(text)}


def test_the_notice_names_every_copyleft_library_that_the_wheels_carry():
    notice = (ROOT / "NOTICE").read_text("utf-8")
    site = Path(av.__file__).parents[1]
    carried = {path.name.split("-")[0].split(".")[0] for path in site.glob("*.libs/*")}
    if not carried:
        pytest.skip("these packages carry no libraries of their own")
    for library in carried & set(COPYLEFT):
        assert COPYLEFT[library] in notice, library


def test_the_lock_pins_what_the_constraints_pin_and_has_a_hash_for_each():
    blocks = re.split(r"\n(?=\S)", LOCK.split("\n", 3)[3].strip())
    assert len(blocks) > 40
    for block in blocks:
        assert "--hash=sha256:" in block, block.split(" ")[0]
    constrained = dict(pins((ROOT / "constraints.txt").read_text("utf-8")))
    for package, version in pins(LOCK):
        assert constrained.get(package, version) == version, package


def test_the_lock_has_everything_that_runs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["labs"]]
    names = {name(re.match(r"[\w.-]+", text)[0]) for text in wanted}
    assert names <= {package for package, _ in pins(LOCK)}
    assert "://" not in LOCK
