"""Memory that image work frees is kept for its next step, where the C library lets itself be told so."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from MedFusionLib.allocation import keep_memory

if sys.argv[1] == "keep":
    assert keep_memory()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        picture = np.ones((2, 1024, 1024), np.float32)
        other = picture + 1
        del picture, other
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc is what is told")
def test_memory_that_is_kept_is_not_asked_for_again():
    def faults(how):
        run = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert faults("keep") < 200
    assert faults("give back") > 2000


def test_without_glibc_nothing_is_done(monkeypatch):
    from MedFusionLib import allocation

    monkeypatch.setattr(allocation.platform, "libc_ver", lambda: ("", ""))
    assert allocation.keep_memory() is False
