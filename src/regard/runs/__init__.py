"""Run folders: written whole or not at all, and read without executing anything."""

from regard.runs.folder import (
    Run,
    read_audit,
    read_figures,
    read_run,
    versions,
    weights_digest,
    write_run,
)
from regard.runs.stored import StoredWeights
from regard.runs.table import (
    LINES,
    TABLES,
    check_suffix,
    escaped,
    print_table,
    unescaped,
    write_lines,
    write_rows,
    write_table,
)
from regard.runs.unfinished import (
    UnfinishedRun,
    clear,
    digest,
    first_difference,
    interrupted,
    partial_folder,
    unfinished_run,
)
from regard.runs.writing import (
    add_to_run,
    check_output,
    disk_errors,
    replacing,
    write_json,
    writing,
)

__all__ = [
    "LINES",
    "TABLES",
    "Run",
    "StoredWeights",
    "UnfinishedRun",
    "add_to_run",
    "check_output",
    "check_suffix",
    "clear",
    "digest",
    "disk_errors",
    "escaped",
    "first_difference",
    "interrupted",
    "partial_folder",
    "print_table",
    "read_audit",
    "read_figures",
    "read_run",
    "replacing",
    "unescaped",
    "unfinished_run",
    "versions",
    "weights_digest",
    "write_json",
    "write_lines",
    "write_rows",
    "write_run",
    "write_table",
    "writing",
]
