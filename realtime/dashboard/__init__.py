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
from realtime.dashboard.key_table import Action, KeyCommand
from realtime.dashboard.run_summary import summary

__all__ = ["Action", "Dashboard", "DashboardKind", "KeyCommand", "open_dashboard", "summary"]
