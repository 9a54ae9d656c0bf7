"""The panel of the Slicer module: it shows and asks. What it decides is in modules without Qt, tested by themselves."""
