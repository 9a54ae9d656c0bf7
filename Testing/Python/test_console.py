"""What the command line says while it works."""

import io
import json

from MedFusionLib.console import Bar, json_lines


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_file_gets_a_line_for_each_stage_and_each_fifth_of_it():
    stream = io.StringIO()
    bar = Bar(stream)
    for step in range(101):
        bar("register", step / 100, f"step {step}")
    bar("fuse", 0.0, "CT + MR")
    lines = stream.getvalue().splitlines()
    assert [line.split()[-1] for line in lines[:-1]] == ["0", "20", "40", "60", "80", "100"]
    assert lines[-1].endswith("CT + MR")


def test_a_terminal_gets_one_line_a_stage_drawn_in_place():
    stream = _Terminal()
    bar = Bar(stream)
    for stage in ("register", "fuse"):
        for step in range(5):
            bar(stage, step / 4, "working")
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().count("\r") == 10


def test_json_is_one_object_a_line(capsys):
    json_lines("fuse", 1 / 3, "CT + MR")
    assert json.loads(capsys.readouterr().out) == {"stage": "fuse", "fraction": 0.3333, "message": "CT + MR"}
