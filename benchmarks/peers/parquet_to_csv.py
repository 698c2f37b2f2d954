"""Write a Parquet file as CSV to the standard output: run by an interpreter that has pyarrow, which the product does not."""

import csv
import sys

import pyarrow.parquet


def main() -> None:
    """The file named by the first argument, of it the columns named by the others, or all."""
    table = pyarrow.parquet.read_table(sys.argv[1], columns=sys.argv[2:] or None)
    writer = csv.writer(sys.stdout)
    writer.writerow(table.column_names)
    writer.writerows(zip(*[column.to_pylist() for column in table.columns], strict=True))


main()
