"""The list of bad inputs, through the command line's own function in one process."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_inputs import CASES, Case, problems

from MedFusionLib.cli import main


def test_there_are_at_least_fifty_bad_inputs_with_different_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 50


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_input_gets_one_clear_line_and_exit_code_2(
    case: Case, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = case.make(tmp_path)
    output = tmp_path / "output"
    before = sorted(tmp_path.rglob("*"))
    capfd.readouterr()
    code = main(["fuse", *arguments, "--progress", "none", "--output", str(output)])
    said = capfd.readouterr()
    assert problems(case, code, said.err, output) == []
    assert said.out == ""
    assert sorted(tmp_path.rglob("*")) == before
