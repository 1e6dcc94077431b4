"""Figures of speed; see README.md beside this file."""

import sys
from pathlib import Path

# The tests' tiny servers and pages are used here too, under the names that they have there.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
