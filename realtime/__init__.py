"""Everything that happens while the camera runs.

Watching a face is private: no library may report that it is used.  ONNX Runtime does by default
since 1.29, some seconds after its first session, and writes an identifier to the user's disk;
`disable_telemetry_events` comes too late for that.  This variable is its full opt-out, and it
must stand before onnxruntime is loaded anywhere, so it stands here.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
