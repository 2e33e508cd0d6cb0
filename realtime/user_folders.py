"""Where the program keeps what it can make or fetch again.

The user's cache holds the face model, TensorRT plans and compiled kernels.  numba looks at the
file of a kernel to see whether its machine code is still right, and not at other files that the
kernel calls or takes constants from.  So compiled kernels lie in a folder that is named after the
content of all of them: another source is another folder.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import platformdirs

_IMPORT = re.compile(rb"^\s*(?:from|import) (realtime[.\w]*)", re.MULTILINE)
_KEPT = 16  # versions whose kernels stay; each is a few megabytes


def cache_folder() -> Path:
    """The user's cache of this program, made with mode 0700.

    Raises:
        OSError: it cannot be made.
    """
    folder = platformdirs.user_cache_path("fleeting", appauthor=False)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def use_kernel_cache() -> None:
    """Have numba keep the kernels of this source in a folder of their own.

    Without a cache that can be written it is a folder below the system's temporary one.  Must be
    called before the first kernel is defined.
    """
    digest = kernel_digest(Path(__file__).parent)
    try:
        folder = _made(cache_folder() / "kernels" / digest)
    except OSError:
        folder = _temporary(digest)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:  # it has read the environment
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def kernel_digest(package: Path) -> str:
    """Of every file of the package that holds a kernel, and of what these import from it."""
    read = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts): path.read_bytes()
        for path in package.rglob("*.py")
    }
    pending = {name for name, text in read.items() if b"njit" in text}
    found: set[str] = set()
    while pending:
        name = pending.pop()
        found.add(name)
        named = {match.decode() for match in _IMPORT.findall(read[name])}
        pending |= {m for m in read for n in named if m == n or m.startswith(f"{n}.")} - found
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(f"{name} {len(read[name])}\n".encode() + read[name])
    return digest.hexdigest()[:16]


def _made(folder: Path) -> Path:
    """The folder, which can be written; older ones beside it go.

    Raises:
        OSError: it cannot be made or written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        os.utime(folder)
    versions = sorted(folder.parent.iterdir(), key=lambda each: each.stat().st_mtime)
    for old in versions[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _temporary(digest: str) -> Path:
    """A folder of this user's alone: what lies in it is run.

    It stays for the next start where its name can be trusted, and else goes with the process.
    """
    if sys.platform != "win32":
        shared = Path(tempfile.gettempdir()) / f"fleeting-{os.getuid()}"
        with contextlib.suppress(OSError):
            shared.mkdir(mode=0o700, exist_ok=True)
            about = shared.lstat()
            private = stat.S_ISDIR(about.st_mode) and not about.st_mode & 0o077
            if private and about.st_uid == os.getuid():
                return _made(shared / digest)
    own = tempfile.mkdtemp(prefix="fleeting-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return Path(own)
