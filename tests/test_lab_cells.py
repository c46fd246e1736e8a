"""Cells of the labs by their names: what is handed in is told apart by them, so none belongs to two labs."""

from collections import defaultdict
from pathlib import Path

import nbformat

LABS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


def _doubles(name_of):
    places = defaultdict(list)
    for path in LABS:
        for index, cell in enumerate(nbformat.read(path, as_version=4).cells, 1):
            if name_of(cell):
                places[name_of(cell)].append(f"{path.stem}, cell {index}")
    assert len(places) > 9 * len(LABS)
    return {name: found for name, found in places.items() if len(found) > 1}


def test_a_cell_id_stands_once_in_all_labs():
    assert _doubles(lambda cell: cell["id"]) == {}


def test_a_grade_id_stands_once_in_all_labs():
    assert _doubles(lambda cell: cell.metadata.get("nbgrader", {}).get("grade_id")) == {}
