"""Migrations as a large table wants them, after those that locations really has; benchmarks/migrate.py runs them.

A column more, an index, a rule in two steps, and all of it away again: one purpose each, none holds a lock for long.
"""

from pathlib import Path

from locations import migrations

REAL = Path(migrations.__file__).parent
# The real ones are found here too, so that Django sees one row of migrations.
__path__.append(str(REAL))
LAST = max(file.stem for file in REAL.glob("[0-9]*.py"))
