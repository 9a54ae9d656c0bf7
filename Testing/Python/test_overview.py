"""The picture of a run, as it is drawn."""

from dataclasses import replace
from itertools import combinations

import pytest

from MedFusionLib import Recipe, run
from MedFusionLib.overview import overview

_LONG = "STS_012_{}_of_the_left_thigh_before_surgery"


@pytest.mark.parametrize("name", ["{}", "STS_012_{}", _LONG, "patient 12, left thigh, {} before the surgery"])
def test_no_title_lies_over_another_or_leaves_the_picture(patient, verdict, name):
    named = [replace(volume, name=name.format(volume.name)) for volume in patient]
    figure = overview(run(named, Recipe(method="maximum", combinations=((0, 1), (0, 2), (0, 1, 2)))))
    figure.canvas.draw()
    titles = [axes.title for axes in figure.axes if axes.get_title()]
    boxes = [title.get_window_extent() for title in titles]
    assert len(boxes) == 12
    assert not [(a.x0, b.x0) for a, b in combinations(boxes, 2) if a.overlaps(b)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 for box in boxes)
    header = [text.get_window_extent() for text in figure.texts[:2]]
    assert not any(box.overlaps(line) for box in boxes for line in header)
    foot = figure.texts[-1].get_window_extent()
    assert foot.x1 <= figure.bbox.x1
