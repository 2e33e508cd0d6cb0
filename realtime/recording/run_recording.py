"""What a run writes to, as one: session folder, disk thread, recorder and table of frames."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.consent.decision import KeepDecision
from realtime.consent.entry import OnWithdrawal
from realtime.recording.disk_thread import DiskThread
from realtime.recording.frames_csv import FramesCsv
from realtime.recording.recorder import Recorder
from realtime.recording.removal import remove_session
from realtime.recording.session_folder import SessionFolder
from realtime.recording.session_record import SessionEnd
from realtime.recording.session_video import SessionVideo
from realtime.status import Counts, VideoCounts


@dataclass(frozen=True, slots=True)
class RunRecording:
    """Where a run is written to; absent where nothing is kept."""

    session: SessionFolder
    disk: DiskThread
    recorder: Recorder
    table: FramesCsv
    keep: KeepDecision
    video: SessionVideo | None = None

    def begin(self, first_ns: int, zero_ns: int) -> None:
        """The first frame is there: its time, and that of second 0 of the session."""
        if self.video is not None:
            self.video.begin(first_ns, zero_ns)

    def video_counts(self) -> VideoCounts | None:
        return None if self.video is None else self.video.counts()

    def notices(self) -> tuple[str, ...]:
        """Lines the user should see."""
        of_video = () if self.video is None else self.video.notices()
        return (*self.recorder.notices(), *of_video)

    def withdraw(self, counts: Counts) -> str:
        """Consent is withdrawn: remove the open clips, keep nothing more.

        The session so far stays or goes as the consent says.  Returns within about three seconds,
        also where the disk does not answer.

        Args:
            counts: until now.

        Returns:
            What became of the session, in words.

        Raises:
            RecordingError: it cannot be closed or removed; nothing more is written all the same.
        """
        removed = self.recorder.discard()
        if self.video is not None:
            removed = self.video.discard() and removed
        self.table.close()
        self.disk.close()
        try:
            if self.keep.on_withdrawal is OnWithdrawal.KEEP:
                self.session.finish(counts, SessionEnd.WITHDRAWN)
        finally:
            self.session.close()
        late = "" if removed else "; the open clip goes when the disk answers"
        if self.keep.on_withdrawal is OnWithdrawal.KEEP:
            return f"the session until now is kept, as its consent says{late}"
        remove_session(self.session.folder)
        return f"the session is forgotten: {self.session.folder.name} is removed{late}"
