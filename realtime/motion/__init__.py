"""Motion: how the skin of one face moves between frames, the head's own motion removed.

In come a grey frame and its `Face`; out come a stabilised 224×224 crop (`Stabiliser`) and the
displacement of 31 regions in crop pixels (`RegionMotion`, Lucas–Kanade on patches).
Public: `Stabiliser`, `Stabilised`, `RegionMotion`, `Motion`, `REGIONS`, `Stream`.
"""
