"""Spotting: which brief movements of one face are micro-expressions.

In come grey frames with one face; out come `Finding`s with onset, apex and offset.
`FacePipeline` stabilises, measures and finds candidates on an even time grid (`CandidateFinder`);
`Spotter` judges them by the verifier's probability; rules name the reason of a rejection.
`FaceSpotter` is both, with the frames of each finding.
Public: `FaceSpotter`, `FaceFinding`, `FacePipeline`, `CandidateFinder`, `MeasuredCandidate`,
`Spotter`, `Finding`, `SpotterConfig`, `Verifier`, `load_verifier`.
"""
