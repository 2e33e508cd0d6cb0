"""What a person can do about a face that cannot be judged, and about frames that cannot be used.

Advice fits the source: who films can add light, who analyses a film cannot.
"""

from __future__ import annotations

from realtime.capture.stats import ends_early
from realtime.face.assessability import Assessable
from realtime.face.judged_time import NO_FRAMES
from realtime.status import FrameCounts, SecondsCounts

MAX_UNUSED = 0.02  # share of the frames that are undecodable or refused; above it, a warning

TOO_SLOW = f"{Assessable.TOO_SLOW.value}: use --size or --analyse-every"

_LIVE = {
    Assessable.YES: "assessable",
    Assessable.NO_FACE: "no face: look towards the camera",
    Assessable.PICTURE: f"{Assessable.PICTURE.value}: come into view yourself",
    Assessable.TOO_SMALL: "face too small: come closer",
    Assessable.TOO_DARK: "too dark: turn on a light in front of you",
    Assessable.TURNED_AWAY: "turned away: face the camera",
    Assessable.CUT_OFF: "partly out of the picture: move into its middle",
    Assessable.LOW_RATE: f"{Assessable.LOW_RATE.value}: add light, or request a smaller --size",
    Assessable.TOO_SLOW: TOO_SLOW,
    Assessable.UNSTABLE: "head moving too fast: hold still",
    Assessable.OCCLUDED: "face covered: move the hand, the cup or the hair away",
    Assessable.COMPRESSED: "video too compressed: raise its bit rate",
    Assessable.SETTLING: "learning this face at rest: keep a neutral face",
    Assessable.INSENSITIVE: "too much motion: hold still",
    Assessable.PAUSED: "paused by the user: p goes on",
}
_FILM = {
    Assessable.NO_FACE: "no face: nobody is found in this part of the film",
    Assessable.PICTURE: f"{Assessable.PICTURE.value}: nobody else is in this part of the film",
    Assessable.TOO_SMALL: "face too small: use the film at its original size, or crop it",
    Assessable.TOO_DARK: "too dark: this part of the film cannot be judged",
    Assessable.TURNED_AWAY: "turned away: this part of the film cannot be judged",
    Assessable.CUT_OFF: "partly out of the picture: this part cannot be judged",
    Assessable.LOW_RATE: f"{Assessable.LOW_RATE.value}: use the film at its original rate",
    Assessable.UNSTABLE: "head moving too fast: this part cannot be judged",
    Assessable.OCCLUDED: "face covered: this part of the film cannot be judged",
    Assessable.COMPRESSED: "video too compressed: use the original, not a copy",
    Assessable.SETTLING: "learning this face at rest: takes two seconds",
    Assessable.INSENSITIVE: "too much motion: small movements cannot be found",
}
_NOTHING = {  # where a whole film shows nothing else
    Assessable.NO_FACE: "check that a face is to be seen, upright, and larger than 32 pixels "
    "between the eyes",
    Assessable.TOO_DARK: "use a brighter film",
    Assessable.TURNED_AWAY: "use a film from the front",
    Assessable.CUT_OFF: "use a film with the whole face in it",
    Assessable.LOW_RATE: "use the film at its original rate, or say with --fps at which it was "
    "taken",
    Assessable.UNSTABLE: "use a film in which the head is calmer, or a higher frame rate",
    Assessable.OCCLUDED: "use a film in which the face is free",
    Assessable.SETTLING: "a face is learned at rest for two seconds first: use a longer film",
}


def advice(verdict: Assessable, *, live: bool) -> str:
    """A short line: the verdict, and what to do about it."""
    return _LIVE[verdict] if live else _FILM.get(verdict, _LIVE[verdict])


def nothing_judged(seconds: SecondsCounts, *, live: bool) -> str:
    """One sentence for a run of which no second could be judged: why, and what to do."""
    if not seconds.not_judged:
        return "nothing could be judged: no more than one frame came; check that the source plays"
    reason, lost_s = next(iter(seconds.not_judged.items()))
    why = f"nothing could be judged: {reason} for {lost_s:.1f} of {seconds.seen:.1f} s"
    if reason == NO_FRAMES:
        return f"{why}; check the source"
    verdict = Assessable(reason)
    whole = advice(verdict, live=live).partition(": ")[2]
    return f"{why}; {whole if live else _NOTHING.get(verdict, whole)}"


def cut_off(seconds: SecondsCounts) -> str | None:
    """A warning where a film ends before the end that its header states."""
    return f"the film {ends_early(seconds.cut_off)}" if seconds.cut_off else None


def unused_frames(frames: FrameCounts) -> str | None:
    """A warning where more than `MAX_UNUSED` of the frames could not be used, with the cause."""
    unused = frames.undecodable + frames.refused
    if unused <= MAX_UNUSED * frames.read:
        return None
    causes = []
    if frames.undecodable:
        causes.append(f"{frames.undecodable} are damaged, or depend on one that is")
    if frames.refused:
        causes.append(
            f"{frames.refused} do not lie after the frame before by their time stamps, "
            "or came while this program did not run"
        )
    share = 100 * unused / frames.read
    return f"{share:.0f} % of the frames cannot be used: {', '.join(causes)}; movements are missed"
