"""Kernels are loaded without libraries that they do not use; whoever uses these finds them."""

import subprocess
import sys

from tests.paths import ROOT

CODE = """
import sys
import numpy as np
import realtime.app
from realtime.memory import load_without_blas
from realtime.motion.quantiles import quantile
load_without_blas()
assert quantile(np.array([1.0, 3.0, 2.0]), 0.5) == 2.0
print(*sorted({"scipy.linalg", "ssl", "unittest", "pandas", "matplotlib"} & set(sys.modules)))
import scipy.linalg.cython_blas
"""


def test_a_start_imports_no_linear_algebra_and_who_needs_it_gets_it():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [""]
