"""An ELAN file: a tier for each kind of span, times in milliseconds of the video it lies beside.

Needs pympi-ling (`pip install "fleeting[labs]"`).
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from realtime.atomic_file import write_whole
from realtime.errors import SettingsError
from realtime.export.spans import APEX, FLAGGED, NOT_JUDGED, REJECTED, REVIEWED, Span

_TIERS = (FLAGGED, APEX, REVIEWED, REJECTED, NOT_JUDGED)


def write_elan(path: Path, found: Sequence[Span], media: Path | None) -> None:
    """Write the spans, whole or not at all; the video, where there is one, is linked.

    Raises:
        SettingsError: pympi-ling is not installed.
        RecordingError: the file cannot be written.
    """
    try:
        import pympi
    except ImportError as error:
        raise SettingsError('ELAN files need pympi-ling: pip install "fleeting[labs]"') from error
    eaf = pympi.Eaf(author="fleeting")
    if media is not None:
        kind = mimetypes.guess_type(media.name)[0] or "video/*"
        relative = os.path.relpath(media.resolve(), path.resolve().parent)
        eaf.add_linked_file(media.resolve().as_uri(), Path(relative).as_posix(), kind)
    for tier in dict.fromkeys((*_TIERS, *(span.tier for span in found))):
        eaf.add_tier(tier)
        free = 0  # one after another: a tier cannot hold two at once
        for span in found:
            if span.tier == tier:
                start = max(round(1000 * span.start_s), free)
                free = max(round(1000 * span.end_s), start + 1)
                eaf.add_annotation(tier, start, free, span.text)
    eaf.remove_tier("default")
    document = pympi.Elan.to_adocument(eaf, True)
    write_whole(path, ElementTree.tostring(document, "UTF-8", xml_declaration=True))
