"""An RTSP server with an H.264 encoder, for tests: GStreamer's, run by the system's own Python.

    /usr/bin/python3 tests/rtsp_camera.py GOP [USER PASSWORD]

Prints the port it listens on at 127.0.0.1.  All readers share the one encoder, as at a real
camera, so the second one joins between two keyframes, `GOP` frames apart.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402  # versions come first

gop, *account = sys.argv[1:]
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_shared(True)
factory.set_launch(
    "( videotestsrc is-live=true pattern=smpte ! video/x-raw,width=320,height=240,framerate=30/1"
    f" ! x264enc tune=zerolatency threads=1 key-int-max={gop} bitrate=1000"
    " ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)
if account:
    user, password = account
    reader = GstRtspServer.RTSPToken()
    reader.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "reader")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), reader)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    for allowed in (
        GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS,
        GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
    ):
        permissions.add_permission_for_role("reader", allowed, True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/video", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
