"""The report in a real browser, where one is installed: its script runs, and the console stays silent."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from MedFusionLib import Recipe, run
from MedFusionLib.report.run import write_run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="needs Chromium")]
# Added to a copy of the report: it clicks, and writes what a browser alone knows into the title.
LOOK = """<script>
addEventListener("load", () => {
  document.querySelector(".zoom").click();
  const pictures = [...document.images];
  const heads = [...document.querySelectorAll("table.sortable thead th.number button")];
  heads[0].click();
  const column = heads[0].closest("th").cellIndex;
  const rows = [...heads[0].closest("table").tBodies[0].rows].map((row) => Number(row.cells[column].dataset.value));
  document.title = JSON.stringify({
    missing: pictures.filter((picture) => !picture.naturalWidth).length,
    pictures: pictures.length,
    enlarged: document.querySelector("dialog").open,
    sorted: rows.every((value, place) => place === 0 || rows[place - 1] >= value),
    rows: rows.length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  }).replaceAll("<", "");
});
</script></html>"""


def _open(file, width):
    options = ["--headless", "--disable-gpu", "--no-sandbox", "--enable-logging=stderr", "--virtual-time-budget=5000"]
    command = [BROWSER, *options, f"--user-data-dir={file.parent / f'profile{width}'}", f"--window-size={width},900"]
    return subprocess.run([*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("width", [1280, 800])
def test_no_error_no_missing_picture_tables_sort_and_a_click_enlarges(patient, verdict, tmp_path, width):
    file = tmp_path / "report.html"
    write_run(run(patient, Recipe(method="average", combinations=((0, 1), (0, 2), (0, 1, 2)))), file)
    file.write_text(file.read_text(encoding="utf-8").replace("</html>", LOOK), encoding="utf-8")
    seen = _open(file, width)
    assert "CONSOLE" not in seen.stderr
    found = re.search(r"<title>\{(.*?)\}</title>", seen.stdout)[1]
    assert found == '"missing":0,"pictures":30,"enlarged":true,"sorted":true,"rows":3,"overflow":0'


def test_a_failing_script_is_noticed(tmp_path):
    file = tmp_path / "report.html"
    file.write_text("<!DOCTYPE html><script>null.x</script>", encoding="utf-8")
    assert "CONSOLE" in _open(file, 800).stderr
