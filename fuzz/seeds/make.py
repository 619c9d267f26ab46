"""Makes the seeds that no editor writes: `make.py`, with pyarrow at hand. All in them is invented.

Columns are in `columns.py`, workbooks and archives in `office.py`; the other seeds are text.
"""

from pathlib import Path

import columns
import office

SEEDS = {
    "arrow": columns.arrow,
    "parquet": columns.parquet,
    "workbook": office.workbooks,
    "zip": office.archives,
}

if __name__ == "__main__":
    for target, made in SEEDS.items():
        folder = Path(__file__).parent / target
        folder.mkdir(exist_ok=True)
        for name, data in made().items():
            (folder / name).write_bytes(data)
