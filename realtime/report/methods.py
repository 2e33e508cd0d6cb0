"""The methods paragraph of a paper with the numbers of this study, its references and its limits.

Sentences name what was run and what came out; whoever uses them checks them against the design.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from realtime.report.rates import FlagRate
from realtime.report.session_report import SessionReport
from realtime.study.estimate_words import CoderFigures

REFERENCES = (
    "Bazarevsky, V., Kartynnik, Y., Vakunov, A., Raveendran, K., & Grundmann, M. (2019). "
    "BlazeFace: Sub-millisecond neural face detection on mobile GPUs. arXiv:1907.05047.",
    "Ekman, P., & Friesen, W. V. (1969). Nonverbal leakage and clues to deception. Psychiatry, "
    "32(1), 88–106.",
    "Ekman, P., Friesen, W. V., & Hager, J. C. (2002). Facial Action Coding System. "
    "Research Nexus.",
    "Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika, 28(3/4), "
    "437–442.",
    "Kartynnik, Y., Ablavatski, A., Grishchenko, I., & Grundmann, M. (2019). Real-time facial "
    "surface geometry from monocular video on mobile GPUs. arXiv:1907.06724.",
    "Zhai, Z., Zhao, J., Long, C., Xu, W., He, S., & Zhao, H. (2023). Feature representation "
    "learning with adaptive displacement generation and transformer fusion for micro-expression "
    "recognition. CVPR 2023. arXiv:2304.04420.",
)
CODING_REFERENCES = (
    "Clopper, C. J., & Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated "
    "in the case of the binomial. Biometrika, 26(4), 404–413.",
    "Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and "
    "Psychological Measurement, 20(1), 37–46.",
    "Krippendorff, K. (2004). Content analysis: An introduction to its methodology (2nd ed.). "
    "Sage.",
    "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. "
    "Journal of the American Statistical Association, 22(158), 209–212.",
)
LIMITS = (
    "A flag says that a face moved briefly. It does not say why, and never that a person lies.",
    "Spotter and network were trained on movements added to films and portraits. Neither has been "
    "validated on spontaneous micro-expressions.",
    "The classes and action units are the network's, whose training data is synthetic. Report "
    "labels of trained coders beside them, or instead of them.",
    "Rates are those of flags, true and false. Without labels of coders the share that is true is "
    "not known, and what was missed is known only as far as the sensitivity says.",
    "Precision, recall and false alarms estimated from a coder's answers are of these recordings, "
    "of movements that the coder sees, and of the time that was judged.",
    "The sensitivity is estimated with movements of the kind that the verifier was trained with. "
    "Other movements are found somewhat less often.",
    "Intervals describe chance, and between participants their spread. They do not describe errors "
    "of cameras, light and compression that all sessions share.",
    "The target false-alarm rate was fitted on 18 people. People unlike them can cause more or "
    "fewer false alarms.",
)


def methods(
    reports: Sequence[SessionReport],
    everyone: FlagRate,
    conditions: Sequence[FlagRate],
    estimates: Sequence[CoderFigures],
) -> str:
    """One paragraph."""
    said = [*_sentences(reports, everyone, conditions), *map(_coded, estimates)]
    return " ".join(said)


def number(value: float, digits: int = 2) -> str:
    """A value of a text or table; a dash where it is not known."""
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else "–"


def interval(rate: FlagRate) -> str:
    if rate.interval is None:
        return "–"
    low, high = rate.interval
    return f"{number(low)}–{number(high)}"


def _sentences(
    reports: Sequence[SessionReport], everyone: FlagRate, conditions: Sequence[FlagRate]
) -> Iterator[str]:
    records = [r.session.record for r in reports if r.session.record is not None]
    programs = _listed(record.program.capitalize() for record in records) or "Fleeting"
    yield (
        f"Films of {_counted(everyone.participants, 'participant')} "
        f"({_counted(everyone.sessions, 'recording')}, {number(everyone.seen_minutes, 1)} min) "
        f"were analysed with {programs}, which detects facial movements of 1/25 to 1/2 s "
        "(Ekman & Friesen, 1969)."
    )
    fps = sorted(r.fps for r in reports if math.isfinite(r.fps))
    iods = sorted(r.iod_px for r in reports if math.isfinite(r.iod_px))
    if fps:
        yield f"The frame rate was {_range(fps)} frames/s (medians of the recordings)."
    if iods:
        yield f"The inter-ocular distance (IOD) was {_range(iods)} px (medians of the recordings)."
    yield (
        "Faces were located by BlazeFace and a landmark network (Bazarevsky et al., 2019; "
        "Kartynnik et al., 2019). Skin patches were tracked with sub-pixel accuracy, head motion "
        "was removed, and movements that rise and return within half a second were judged by "
        "boosted trees."
    )
    targets = _listed(
        f"{rate:g}"
        for rate in dict.fromkeys(
            record.settings.get("spotter", {}).get("alarms_per_minute") for record in records
        )
        if isinstance(rate, int | float)
    )
    if targets:
        yield f"The target false-alarm rate was {targets} a minute."
    engines = [e for e in dict.fromkeys(record.engine for record in records) if e != "motion only"]
    if engines:
        yield (
            "Flagged movements were classified as negative, positive or surprise by a network "
            f"after Zhai et al. (2023; {_listed(engines)}), trained on synthetic pairs."
        )
    yield _judged(reports, everyone)
    uppers = sorted(r.sensitivity.median_upper for r in reports if _known(r, "median_upper"))
    lowers = sorted(r.sensitivity.median_lower for r in reports if _known(r, "median_lower"))
    if uppers and lowers:
        yield (
            "The smallest movement of which 8 of 10 would have been found was "
            f"{_range(uppers, 1)} % IOD in the upper and {_range(lowers, 1)} % IOD in the lower "
            "face (medians of the recordings)."
        )
    yield (
        f"In total {_counted(everyone.flagged, 'movement')} {_were(everyone.flagged)} flagged, "
        f"{number(everyone.per_minute)} a judged minute (95 % CI {interval(everyone)}; exact "
        "Poisson interval, Garwood, 1936, widened by the dispersion between participants)."
    )
    if len(conditions) > 1:
        parts = (f"{c.name} {number(c.per_minute)} ({interval(c)})" for c in conditions)
        yield f"By condition: {'; '.join(parts)}."


def _coded(by: CoderFigures) -> str:
    """What a coder answered, and what that says of the program."""
    what = _counted(by.answered, "flagged movement")
    if by.sampled:
        what = (
            f"{_counted(by.answered, 'item')} of a stratified random sample of flagged movements, "
            "rejected ones and stretches without one"
        )
    known = [
        f"{figure.name[:1].lower()}{figure.name[1:]} {figure.value} (95 % CI {figure.interval})"
        for figure in by.figures
        if figure.value
    ]
    said = f"A coder ({by.coder}) judged {what}, blind to the program's verdict"
    return f"{said}: {', '.join(known)}." if known else f"{said}."


def _judged(reports: Sequence[SessionReport], everyone: FlagRate) -> str:
    reasons: dict[str, float] = {}
    for report in reports:
        for reason, seconds in report.judged.not_judged_s.items():
            reasons[reason] = reasons.get(reason, 0.0) + seconds
    share = everyone.judged_minutes / everyone.seen_minutes if everyone.seen_minutes else 0.0
    said = (
        f"The face was assessable in {number(everyone.judged_minutes, 1)} min ({100 * share:.0f} %)"
    )
    longest = sorted(reasons.items(), key=lambda item: -item[1])[:3]
    if not longest:
        return f"{said}."
    why = ", ".join(f"{reason} ({number(seconds / 60, 1)} min)" for reason, seconds in longest)
    return f"{said}; most of the rest was excluded for: {why}."


def _known(report: SessionReport, name: str) -> bool:
    return math.isfinite(getattr(report.sensitivity, name))


def _range(ordered: Sequence[float], digits: int = 0) -> str:
    low, high = number(ordered[0], digits), number(ordered[-1], digits)
    return low if low == high else f"{low} to {high}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
