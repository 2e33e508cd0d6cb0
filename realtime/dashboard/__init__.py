"""The terminal dashboard: source, faces, motion, events and recording, several times a second.

    with open_dashboard("auto", keys=True) as dashboard:
        dashboard.show(status)             # never blocks
        for command in dashboard.commands():
            ...
    console.print(summary(status))

The program makes every `Status`; nothing here looks at a camera or a clock of its own but to
say how old the newest one is.
"""

from realtime.dashboard.dashboard import Dashboard, DashboardKind, open_dashboard
from realtime.dashboard.keys import KeyCommand
from realtime.dashboard.summary import summary

__all__ = ["Dashboard", "DashboardKind", "KeyCommand", "open_dashboard", "summary"]
