"""What frames.csv says, as series."""

import numpy as np

from realtime.face.assessability import Assessable
from realtime.recording.frame_row import COLUMNS, FrameRow
from realtime.review.traces import read_traces


def row(frame, face_id=0, verdict=Assessable.YES, brows=1.0):
    return FrameRow(
        *(frame, face_id, frame / 30, 1.0, True, 0.0, 0.1, 0.0, 0.2, 0.6, 0.3, 80.0, 0.1, verdict),
        *(brows, 0.0, 0.0, 0.0, 0.0),
    )


def write(folder, rows):
    lines = [",".join(COLUMNS), *(each.to_csv() for each in rows)]
    (folder / "frames.csv").write_text("\n".join(lines) + "\n")
    return read_traces(folder)


def test_a_stretch_holds_one_face(tmp_path):
    rows = [row(k, face) for k in range(60) for face in ((0, 1) if k > 30 else (0,))]
    traces = write(tmp_path, rows)
    assert traces.span_s == (0.0, 1.966667)
    assert len(traces.between(0.5, 1.5, None).t_s) == 31
    other = traces.between(0.5, 1.5, 1)
    assert set(other.face_id) == {1}
    assert other.blink.tolist() == [0.6] * len(other.blink)
    assert np.allclose(other.head_turn, 0)


def test_what_was_not_judged_is_a_span_with_its_reason(tmp_path):
    verdicts = [Assessable.SETTLING] * 20 + [Assessable.YES] * 20 + [Assessable.TOO_DARK] * 20
    traces = write(tmp_path, [row(k, verdict=verdict) for k, verdict in enumerate(verdicts)])
    assert [span.reason for span in traces.unjudged] == [
        Assessable.SETTLING.value,
        Assessable.TOO_DARK.value,
    ]


def test_without_a_table_there_is_nothing(tmp_path):
    traces = read_traces(tmp_path)
    assert traces.span_s == (0.0, 0.0)
    assert len(traces.between(0.0, 1.0, None).t_s) == 0
