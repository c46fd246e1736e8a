"""Putting the exercises and checks of a submission where nbgrader finds them."""

import difflib
import json

import nbformat
from nbformat.v4 import new_notebook

from labkit.course import cells as labs
from labkit.course.cells import READY_ID

ALIKE = 0.8  # from there on a written answer is taken for the one handed out, with some words of its own


def repair(nb, release):
    """Give every exercise and check of a lab one cell, in an order in which they can be marked.

    nb: the submission, as `parse` returns it.
    release: the student edition of the lab.
    Returns (notebook, notes). What a check says and how much it is worth always comes from the release.
    """
    notes, cells = [], list(nb.cells)
    graded = {labs.grading(cell)["grade_id"]: cell for cell in release.cells if labs.kind(cell)}
    candidates = _candidates(cells, release, graded, notes)
    chosen = {}
    for grade_id, original in graded.items():
        found = candidates.get(grade_id, [])
        if found:
            chosen[grade_id] = _choose(found, original, grade_id, notes)
    for cell in cells:
        cell.metadata.pop("nbgrader", None)
    keep = set(map(id, chosen.values()))
    drop = {
        id(cell)
        for grade_id, found in candidates.items()
        for cell in found
        if id(cell) not in keep
        and (
            labs.kind(graded[grade_id]) in ("check", "locked") or cell.source.strip() == graded[grade_id].source.strip()
        )
    }
    cells = [cell for cell in cells if id(cell) not in drop]
    for grade_id, cell in chosen.items():
        _become(cell, graded[grade_id], notes)
    _put_back_plain(cells, release, notes)
    _put_back_graded(cells, chosen, graded, release, notes)
    _checks_after_exercises(cells, chosen, graded, notes)
    _unique_ids(cells)
    repaired = new_notebook(
        cells=cells,
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}},
    )
    return repaired, notes


def _candidates(cells, release, graded, notes):
    """For each grade id the cells that may be it: by nbgrader's metadata, else by cell id, else by what they say."""
    found = {}
    taken = set()

    def take(grade_id, cell):
        found.setdefault(grade_id, []).append(cell)
        taken.add(id(cell))

    for cell in cells:
        grade_id = labs.grading(cell).get("grade_id")
        if isinstance(grade_id, str) and grade_id in graded:
            take(grade_id, cell)
    stripped = not found
    bound = {id(cell): set(labs.names_bound(cell.source)) if cell.cell_type == "code" else set() for cell in cells}
    by_id = {cell["id"]: labs.grading(cell)["grade_id"] for cell in release.cells if labs.kind(cell)}
    for cell in cells:
        grade_id = by_id.get(cell["id"])
        if id(cell) not in taken and grade_id is not None and grade_id not in found:
            take(grade_id, cell)
    for grade_id, original in graded.items():
        if grade_id in found:
            continue
        sort, source = labs.kind(original), original.source.strip()
        rest = [cell for cell in cells if id(cell) not in taken]
        if sort in ("check", "locked"):
            for cell in rest:
                if cell.source.strip() == source:
                    take(grade_id, cell)
        elif sort == "solution":
            names = set(labs.names_bound(original.source))
            for cell in rest:
                if names & bound[id(cell)]:
                    take(grade_id, cell)
        else:
            heading = _between(release.cells, original, cells, taken)
            if heading is not None:
                take(grade_id, heading)
    if stripped and found:
        notes.append(
            "the notebook has lost nbgrader's metadata (another editor?): exercises were found by what is in them"
        )
    return found


def _between(originals, original, cells, taken):
    """The written answer that stands where one is expected: just after the same text as in the release."""
    index = next(i for i, cell in enumerate(originals) if cell is original)
    before = originals[index - 1].source.strip() if index else None
    for one, two in zip(cells, cells[1:]):
        if one.source.strip() == before and two.cell_type == original.cell_type and id(two) not in taken:
            return two
    for cell in cells:
        if id(cell) not in taken and cell.source.strip() == original.source.strip():
            return cell
    close = [
        (_likeness(cell.source[:2000], original.source[:2000]), -i)
        for i, cell in enumerate(cells)
        if id(cell) not in taken and cell.cell_type == original.cell_type
    ]
    best, place = max(close, default=(0, 0))
    return cells[-place] if best > ALIKE else None


def _likeness(one, two):
    """How much of two texts is the same, from 0 to 1; 0 without looking closely where it is not much."""
    match = difflib.SequenceMatcher(None, one, two)
    if match.real_quick_ratio() <= ALIKE or match.quick_ratio() <= ALIKE:
        return 0.0
    return match.ratio()


def _choose(found, original, grade_id, notes):
    """Of several copies the last one that was worked on."""
    if len(found) == 1:
        return found[0]
    worked_on = [cell for cell in found if cell.source.strip() not in ("", original.source.strip())]
    if labs.kind(original) == "check":
        worked_on = []
    notes.append(
        f"{_word(original)} {grade_id} is there {len(found)} times: the last "
        f"{'changed ' if worked_on else ''}one was taken"
    )
    return (worked_on or found)[-1]


def _word(cell):
    return {"check": "check cell", "solution": "exercise", "manual": "written answer"}.get(labs.kind(cell), "cell")


def _become(cell, original, notes):
    """Metadata from the release; what a student may not change is named here and put back by nbgrader."""
    grade_id, sort = labs.grading(original)["grade_id"], labs.kind(original)
    if cell.cell_type != original.cell_type:
        notes.append(f"{_word(original)} {grade_id} was turned into a {cell.cell_type} cell: turned back")
        if original.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.pop("outputs", None), cell.pop("execution_count", None)
        cell.cell_type = original.cell_type
        cell.pop("attachments", None)
    if sort in ("check", "locked") and cell.source.strip() != original.source.strip():
        notes.append(f"{_word(original)} {grade_id} was edited: restored")
    if sort in ("check", "locked"):
        cell.source = original.source
    if sort == "solution" and not _has_code(cell.source):
        notes.append(f"exercise {grade_id} was emptied: it counts as not done")
        cell.source = "\n".join(filter(str.strip, (cell.source, original.source)))
    cell.metadata["nbgrader"] = nbformat.from_dict(dict(labs.grading(original)))


def _has_code(source):
    return any(line.strip() and not line.lstrip().startswith("#") for line in source.split("\n"))


def _put_back_plain(cells, release, notes):
    """Code cells of the lab that are needed and were deleted, emptied, or no longer parse."""
    there = {cell.source.strip() for cell in cells}
    whole = {cell["id"] for cell in cells if cell.source.strip() and labs.syntax_tree(cell.source) is not None}
    broken = {cell["id"] for cell in cells} - whole
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    bound = {name for source in code for name in labs.names_bound(source)}
    used = {name for source in code for name in labs.names_used(source)}
    used |= {name for cell in release.cells if labs.kind(cell) == "check" for name in labs.names_used(cell.source)}
    for index, original in enumerate(release.cells):
        if original.cell_type != "code" or labs.kind(original) or original["id"] in {READY_ID} | whole:
            continue
        lacking = [name for name in labs.names_bound(original.source) if name in used - bound]
        if lacking and original.source.strip() not in there:
            cells.insert(_place(cells, release, index), _copy(original))
            how = "does not parse" if original["id"] in broken else "was deleted"
            notes.append(f"the cell that defines {', '.join(lacking[:4])} {how}: the lab's own was put back")


def _put_back_graded(cells, chosen, graded, release, notes):
    for index, original in enumerate(release.cells):
        grade_id = labs.grading(original).get("grade_id")
        if not labs.kind(original) or grade_id in chosen:
            continue
        chosen[grade_id] = new = _copy(original)
        new.metadata["nbgrader"] = nbformat.from_dict(dict(labs.grading(original)))
        cells.insert(_place(cells, release, index), new)
        how = "put back" if labs.kind(original) in ("check", "locked") else "it counts as not done"
        notes.append(f"{_word(original)} {grade_id} was deleted: {how}")


def _copy(original):
    new = nbformat.from_dict({**original, "metadata": {}})
    return new


def _place(cells, release, index):
    """Where the release's cell `index` belongs: after the nearest cell before it that is there."""
    identities = {cell["id"]: i for i, cell in enumerate(cells)}
    grade_ids = {labs.grading(cell).get("grade_id"): i for i, cell in enumerate(cells) if labs.kind(cell)}
    sources = {cell.source.strip(): i for i, cell in enumerate(cells)}
    for before in reversed(release.cells[:index]):
        grade_id = labs.grading(before).get("grade_id")
        at = (
            grade_ids.get(grade_id)
            if labs.kind(before)
            else identities.get(before["id"], sources.get(before.source.strip()))
        )
        if at is not None:
            return at + 1
    return 0


def _checks_after_exercises(cells, chosen, graded, notes):
    """A check runs after all exercises that it checks; one that was moved before them is moved behind them."""
    binding = {}
    for grade_id, original in graded.items():
        if labs.kind(original) == "solution":
            for name in labs.names_bound(original.source):
                binding.setdefault(name, grade_id)
    for grade_id, original in graded.items():
        if labs.kind(original) != "check":
            continue
        needed = [chosen[binding[name]] for name in labs.names_used(original.source) if name in binding]
        last = max((next(i for i, c in enumerate(cells) if c is cell) for cell in needed), default=-1)
        at = next(i for i, c in enumerate(cells) if c is chosen[grade_id])
        if at < last:
            cells.insert(last, cells.pop(at))
            notes.append(f"check cell {grade_id} stood before its exercise: moved behind it")


def _unique_ids(cells):
    seen = set()
    for index, cell in enumerate(cells):
        while cell["id"] in seen:
            index += len(cells)
            cell["id"] = f"copy-{index}"
        seen.add(cell["id"])


# --- what the author left for marking ------------------------------------------------------------------------------


def as_submitted(source, release):
    """The solved lab with the student edition's metadata, to be run like a submission."""
    nb = nbformat.from_dict(json.loads(json.dumps(source)))
    by_id = {labs.grading(cell).get("grade_id"): cell for cell in release.cells if labs.kind(cell)}
    for cell in nb.cells:
        original = by_id.get(labs.grading(cell).get("grade_id"))
        cell.metadata = nbformat.from_dict({"nbgrader": dict(labs.grading(original))} if original else {})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if labs.kind(cell) == "check":
                cell.source = original.source
    return nb


def mark_unchanged(nb, release):
    """Note in the metadata of each cell that is as it was handed out that it is."""
    handed_out = {cell.source.strip() for cell in release.cells}
    for cell in nb.cells:
        if cell.source.strip() in handed_out:
            cell.metadata["labkit"] = {"unchanged": True}


def author_marks(nb, source, release):
    """Tags of the source on cells that are still as handed out, and the author's quicker version for marking."""
    originals = {}
    for cell in source.cells:
        if cell.cell_type == "code" and not labs.kind(cell):
            originals[cell["id"], cell.source.strip()] = cell
            originals.setdefault(cell.source.strip(), cell)  # for notebooks whose cells lost their ids
    by_id = {cell["id"]: cell for cell in source.cells if cell.cell_type == "code" and not labs.kind(cell)}
    last = max((i for i, cell in enumerate(nb.cells) if labs.kind(cell)), default=len(nb.cells))
    for index, cell in enumerate(nb.cells):
        original = originals.get((cell["id"], cell.source.strip()), originals.get(cell.source.strip()))
        if cell.cell_type != "code" or labs.kind(cell):
            continue
        if original is not None:
            cell.metadata["labkit"] = {"handed_out": True, "unchanged": True}
        if (
            cell["id"] == READY_ID
            or original is not None
            and (index > last or labs.NOT_FOR_MARKING in original.metadata.get("tags", []))
        ):
            cell.metadata["tags"] = [labs.NOT_FOR_MARKING]
        elif original is not None:
            cell.source = labs.quick_source(original) or cell.source
        elif cell["id"] in by_id:  # changed: if it does not define what others need, the lab's own does
            quick = labs.quick_source(by_id[cell["id"]]) or by_id[cell["id"]].source
            cell.metadata["labkit"] = {**cell.metadata.get("labkit", {}), "original": quick}
