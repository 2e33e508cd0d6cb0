"""The session's disk, as its thread sees it."""

import threading

from realtime.recording import disk_thread
from realtime.recording.disk_thread import DiskThread
from realtime.recording.session_folder import SessionFolder


def test_a_disk_that_does_not_answer_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_thread, "_LOOK_S", 0.05)
    monkeypatch.setattr(disk_thread, "_SILENT_S", 0.1)
    answers, hangs = threading.Event(), threading.Event()
    answers.set()
    looked = SessionFolder.blocked

    def slow(self: SessionFolder) -> str:
        if not answers.is_set():
            hangs.set()
            answers.wait()
        return looked(self)

    monkeypatch.setattr(SessionFolder, "blocked", slow)
    with DiskThread(SessionFolder(tmp_path), live=True) as disk:
        answers.clear()
        assert hangs.wait(20)
        while disk.blocked() != "the disk does not answer":
            pass
        answers.set()
        while disk.blocked():
            pass
