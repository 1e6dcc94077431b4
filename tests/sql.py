"""The SQL that the README gives."""

import re
from pathlib import Path

import duckdb

README = Path(__file__).parents[1] / "README.md"


def last_states(folder: Path) -> duckdb.DuckDBPyRelation:
    """Return the rows of a dataset that count, by the README's own statement."""
    found = re.findall(r"```sql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return duckdb.sql(found[0].replace("jobs_dataset", str(folder)))
