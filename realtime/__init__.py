"""Everything that happens while the camera runs, and what is done with a session afterwards.

Public: `open_session(folder) -> Session`, `open_study(folder) -> Study` and
`analyse(source) -> Session`, each loaded when it is first named.

Watching a face is private: no library may report that it is used.  ONNX Runtime does by default
since 1.29, some seconds after its first session, and writes an identifier to the user's disk;
`disable_telemetry_events` comes too late for that.  This variable is its full opt-out, and it
must stand before onnxruntime is loaded anywhere, so it stands here.  So does the folder of the
compiled kernels, which must be known before numba is loaded.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

from realtime.user_folders import use_kernel_cache

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
use_kernel_cache()

if TYPE_CHECKING:
    from realtime.api.analyse import analyse
    from realtime.recording.session import Session, open_session
    from realtime.study.study import Study, open_study

_HOMES = {
    "Session": "realtime.recording.session",
    "Study": "realtime.study.study",
    "analyse": "realtime.api.analyse",
    "open_session": "realtime.recording.session",
    "open_study": "realtime.study.study",
}
__all__ = ["Session", "Study", "analyse", "open_session", "open_study"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
