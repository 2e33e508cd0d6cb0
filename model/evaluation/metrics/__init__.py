"""Metrics of the field: UF1, UAR, AUROC, calibration error, spotting F1, STRS, intervals."""
