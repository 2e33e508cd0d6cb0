"""Recording: what is kept of a session, written so that a kill or a full disk costs little.

In come findings, answers of the engine and frames of the ring; out comes a session folder with
events.jsonl, frames.csv, clips and stills.
Public: `SessionFolder`, `RunRecording`, `EventTracker`, `Recorder`, `FramesCsv`, `recover`.
"""
