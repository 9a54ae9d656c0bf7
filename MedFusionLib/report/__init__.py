"""Report: one self-contained HTML file on a run, a comparison or a benchmark, to put before a colleague.

No network is needed: pictures, style and script are inside the file, and its own policy forbids anything else. Every
text of the user's is escaped by :mod:`MedFusionLib.report.markup`; nothing else makes HTML.
"""
