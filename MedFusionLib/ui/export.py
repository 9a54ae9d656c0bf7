"""The nodes of a run as files: volumes, transforms, figures and the record, all of them or none."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from MedFusionLib.outputs import check_folder, complete_folder, file_stems
from MedFusionLib.registration.transforms import save
from MedFusionLib.scene import vocabulary as mark
from MedFusionLib.scene.mrml import Node
from MedFusionLib.scene.nodes import volume_from_node
from MedFusionLib.scene.transforms import transform_from_node
from MedFusionLib.ui.figures_of import columns_of
from MedFusionLib.ui.outcome import Outcome


def export_files(outcome: Outcome, folder: Path) -> list[Path]:
    """Write what ``outcome`` holds into ``folder``, which may hold other files; returns the paths written.

    Raises ``BadInput`` where the folder cannot be written; then nothing is written.
    """
    check_folder(folder, overwrite=True)
    with complete_folder(folder) as work:
        nodes = [node for node in (outcome.fused, *outcome.sources) if node is not None]
        for node, stem in zip(nodes, file_stems([node.GetName() for node in nodes]), strict=True):
            volume_from_node(node).write(work / f"{stem}.nii.gz")
            transform = node.GetNodeReference(mark.TRANSFORM) if node is not outcome.fused else None
            if transform is not None:
                save(transform_from_node(transform), work / f"transform_{stem}.h5")
        if outcome.metrics is not None:
            _write_table(outcome.metrics, work / "metrics.csv")
        if outcome.record:
            text = json.dumps(outcome.record, indent=2, ensure_ascii=False)
            (work / "record.json").write_text(text + "\n", encoding="utf-8")
        names = sorted(file.name for file in work.iterdir())
    return [folder / name for name in names]


def _write_table(table: Node, path: Path) -> None:
    columns = columns_of(table)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
