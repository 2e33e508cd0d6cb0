"""Everything that happens while the camera runs, and what is done with a session afterwards.

Public: `open_session(folder) -> Session`, loaded when it is first named.

Watching a face is private: no library may report that it is used.  ONNX Runtime does by default
since 1.29, some seconds after its first session, and writes an identifier to the user's disk;
`disable_telemetry_events` comes too late for that.  This variable is its full opt-out, and it
must stand before onnxruntime is loaded anywhere, so it stands here.  So does the folder of the
compiled kernels, which must be known before numba is loaded.
"""

import os
from typing import TYPE_CHECKING

from realtime.user_folders import use_kernel_cache

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
use_kernel_cache()

if TYPE_CHECKING:
    from realtime.recording.session import Session, open_session

__all__ = ["Session", "open_session"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from realtime.recording import session

    return getattr(session, name)
