"""The benchmark itself: every method, given picture and reference row on every case, then intervals and tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from MedFusionLib.benchmark import Benchmark, BenchmarkRow, CaseName, CasePictures, PairedTest
from MedFusionLib.benchmark.cases import Case, Loaded
from MedFusionLib.benchmark.pictures import Cut, evenly
from MedFusionLib.benchmark.statistics import LEAST_SERIES, bootstrap_interval, paired_tests
from MedFusionLib.benchmark.variants import Variant, variant
from MedFusionLib.errors import BadInput, RegistrationRejected
from MedFusionLib.faithfulness import headline_of
from MedFusionLib.faithfulness.probes import MAXIMUM, references
from MedFusionLib.progress import Progress, silent
from MedFusionLib.scoring import Kind, Score, Setting, score_given, score_method
from MedFusionLib.volume import Array


@dataclass
class _Collected:
    """The scores of one line as the cases come in."""

    title: str
    figures: list[dict[str, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass
class _Table:
    """What is known after some cases: their names, each line's scores, and the pictures to be shown."""

    measured: list[CaseName] = field(default_factory=list)
    lines: dict[tuple[Kind, str], _Collected] = field(default_factory=dict)
    pictures: list[CasePictures] = field(default_factory=list)
    names: tuple[str, ...] = ()
    functional: bool = False

    def add(self, case: CaseName, setting: Setting, scores: Iterable[Score], show: bool) -> None:
        """Take in the ``scores`` of a case one by one, so that one fused image is held at a time."""
        self.measured.append(case)
        self.names = tuple(layer.name for layer in setting.layers)
        self.functional = setting.subject.functional
        cut = Cut(setting) if show else None
        fused: list[tuple[str, Array]] = []
        for score in scores:
            line = self.lines.setdefault((score.kind, score.name), _Collected(score.title))
            line.figures.append(score.figures)
            line.seconds.append(score.seconds)
            fused += cut.of(score) if cut else ()
        if cut:
            self.pictures.append(cut.pictures(case, fused))


def benchmark(
    cases: Sequence[Case],
    methods: Sequence[str],
    notes: Sequence[str] = (),
    progress: Progress = silent,
    pictures: int = 0,
) -> Benchmark:
    """Score ``methods``, the cases' given pictures and the reference rows on all ``cases``.

    ``methods`` are names of the catalog, with parameters if wanted: ``ifcnn`` or ``ifcnn:rule=mean``.
    Of so many cases as ``pictures`` says, spread evenly, what was fused is kept to be shown.
    Cases are loaded one at a time; one whose registration is rejected is left out for all, and a note says so. Raises
    ``BadInput`` for an unknown method before any work, for a case that cannot be read, and when no case is left.
    """
    if not cases:
        raise BadInput("no case to measure", "Give folders with at least one case")
    loaded_methods = [variant(name) for name in dict.fromkeys(methods)]
    to_show = {cases[number].name for number in evenly(len(cases), pictures)}
    rejected: list[str] = []
    table = _Table()
    for case, loaded in _loaded(cases, rejected, progress):
        table.add(case, loaded.setting, _scores(loaded_methods, loaded.given, loaded.setting), case in to_show)
    if not table.measured:
        raise BadInput(f"none of {len(cases)} cases is left: {rejected[0]}", "Look at its registration")
    progress("benchmark", 1.0, f"{len(table.measured)} cases")
    series = [case.series for case in table.measured]
    rows = tuple(_row(key, line, series) for key, line in table.lines.items())
    figures = tuple(dict.fromkeys(figure for row in rows for figure in row.scores))
    return Benchmark(
        sources=table.names,
        functional=table.functional,
        cases=tuple(table.measured),
        rows=rows,
        figures=figures,
        headline=tuple(name for name in headline_of(table.functional) if name in figures),
        against=MAXIMUM,
        tests=_tests(rows, figures, series),
        notes=(*notes, *rejected, *_caveats(series)),
        pictures=tuple(table.pictures),
    )


def _loaded(cases: Sequence[Case], rejected: list[str], progress: Progress) -> Iterator[tuple[CaseName, Loaded]]:
    """Each case in memory when its turn comes; what is left out goes to ``rejected``."""
    for number, case in enumerate(cases):
        name = case.name.name
        progress("benchmark", number / len(cases), name)
        try:
            loaded = case.load()
        except RegistrationRejected as error:
            rejected.append(f"{name} left out: {error}")
            continue
        except BadInput as error:
            raise BadInput(f"case {name}: {error.what}", error.mend) from None
        yield case.name, loaded


def _scores(methods: Sequence[Variant], given: dict[str, Array], setting: Setting) -> Iterator[Score]:
    """Every line of the table on one case: methods, given pictures, reference rows."""
    for one in methods:
        yield replace(score_method(one.method, setting), name=one.name, title=one.title)
    for name, fused in given.items():
        yield score_given(name, fused, setting)
    for reference in references([layer.name for layer in setting.layers]):
        yield score_method(reference, setting, "reference")


def _row(key: tuple[Kind, str], line: _Collected, series: Sequence[str]) -> BenchmarkRow:
    names = dict.fromkeys(name for figures in line.figures for name in figures)
    scores = {name: tuple(figures.get(name, float("nan")) for figures in line.figures) for name in names}
    intervals = {name: bootstrap_interval(values, series) for name, values in scores.items()}
    return BenchmarkRow(key[1], line.title, key[0], scores, intervals, float(np.mean(line.seconds)))


def _tests(
    rows: Sequence[BenchmarkRow], figures: Sequence[str], series: Sequence[str]
) -> tuple[PairedTest, ...]:
    """Methods and given pictures against the reference, figure by figure."""
    base = next(row for row in rows if row.name == MAXIMUM)
    found: list[PairedTest] = []
    for name in (name for name in figures if name in base.scores):
        others = {row.name: row.scores[name] for row in rows if row.kind != "reference" and name in row.scores}
        found += paired_tests(name, others, MAXIMUM, base.scores[name], series)
    return tuple(found)


def _caveats(series: Sequence[str]) -> tuple[str, ...]:
    count = len(set(series))
    if count < LEAST_SERIES:
        return (
            f"{count} series: too few for a test (no result could reach p = 0.05 with fewer than {LEAST_SERIES}), "
            "so differences are shown without p; slices of one patient are not independent",
        )
    return ()
