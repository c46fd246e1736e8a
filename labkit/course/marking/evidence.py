"""Which lab a notebook is, and how much of it somebody worked on: from what is in it, and only then from its name."""

import re
from collections import Counter

from labkit.course import cells

WEIGHTS = {"grade id": 3, "title": 3, "check": 3, "text": 2, "heading": 1, "name": 1, "cell id": 0.5}
ENOUGH = 3  # of that: as much as one check cell
SAME_NAME, SAME_NUMBER = 2, 1  # what a file's name counts


class Evidence:
    """What tells the labs of a course apart.

    notebooks: for each lab by name, its notebook, solved or as it is handed out.
    """

    def __init__(self, notebooks):
        self.traits = {name: traits(nb) for name, nb in notebooks.items()}
        self._labs_with = Counter(trait for found in self.traits.values() for trait in found)

    def weigh(self, nb):
        """{lab: how much speaks for it}, the most first; what several labs have counts little for each of them."""
        mine = traits(nb)
        found = {
            lab: sum(WEIGHTS[trait[0]] / self._labs_with[trait] ** 2 for trait in mine & its)
            for lab, its in self.traits.items()
        }
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def lab_of(self, nb, path=""):
        """The lab that a notebook is, or None.

        path: where it was found; its name decides between labs that are as likely, and helps what says little.
        """
        names = said_by_name(path, self.traits)
        weights = {lab: weight for lab, weight in self.weigh(nb).items() if weight}
        best = max(weights, key=lambda lab: (weights[lab] + names.get(lab, 0), lab), default=None)
        return best if best is not None and weights[best] + names.get(best, 0) >= ENOUGH else None


def said_by_name(path, labs):
    """{lab: what the name of a file, or of its folder, says for it}; `path` with / between folders."""
    *folders, stem = [re.sub(r"\.(ipynb|zip|json|txt|gz)\b.*", "", part.lower()) for part in path.split("/")]
    found = {}
    for lab in labs:
        whole, number = lab.lower(), re.match(r"\d+", lab)
        if stem == whole or folders and folders[-1] == whole:
            found[lab] = SAME_NAME
        elif whole in stem or number and int(number[0]) in _numbers(stem):
            found[lab] = SAME_NUMBER
    return found


def by_name(path, labs):
    """The lab that the name of a file says, "" if it says none or two."""
    found = said_by_name(path, labs)
    best = [lab for lab in found if found[lab] == max(found.values())]
    return best[0] if len(best) == 1 else ""


def _numbers(stem):
    """The number of a lab that a file's name gives: after "lab" where it says that, else where it begins."""
    found = re.findall(r"lab[ _-]{0,2}0{0,3}(\d{1,3})(?!\d)", stem) or re.findall(r"^0{0,3}(\d{1,3})(?!\d)", stem)
    return {int(number) for number in found}


def traits(nb):
    """What a notebook may be known by: pairs of a kind, as in `WEIGHTS`, and a text."""
    found = {("title", cells.title(nb).lower())} - {("title", "")}
    for cell in nb.cells:
        kind, source = cells.kind(cell), _plain(cell.source)
        grade_id = cells.grading(cell).get("grade_id")
        found.add(("cell id", cell.get("id", "")))
        if isinstance(grade_id, str):
            found.add(("grade id", grade_id))
        if cell.cell_type == "code" and kind == "solution":
            found |= {("name", name) for name in cells.names_bound(cell.source)}
        elif cell.cell_type == "code":
            if re.match(r"check\.\w+\(", source):
                found.add(("check", source))
            elif len(source) > 40:
                found.add(("text", source))
            if not kind:  # an exercise whose metadata are lost
                found |= {("name", name) for name in re.findall(r"^def (\w+)", cell.source, re.M)}
        elif len(source) > 40:
            found.add(("text", source))
            found |= {("heading", line.strip().lower()) for line in source.split("\n") if line.startswith("##")}
    return found - {("cell id", "")}


def _plain(source):
    """A source without empty lines and what stands behind its lines."""
    return "\n".join(line.rstrip() for line in source.split("\n") if line.strip())


def worked_on(nb, release):
    """The grade ids of the exercises and written answers in which something was done.

    nb: a notebook with the lab's grade ids, as `repair` leaves it.
    release: the student edition of the lab.
    """
    stubs = {cells.grading(c)["grade_id"]: c for c in release.cells if cells.kind(c) in ("solution", "manual")}
    found = []
    for cell in nb.cells:
        stub = stubs.get(cells.grading(cell).get("grade_id"))
        if stub is not None and _said(cell) and _said(cell) != _said(stub):
            found.append(cells.grading(cell)["grade_id"])
    return found


def _said(cell):
    """What a cell says: its lines, of code without those that are only a comment."""
    lines = (line.strip() for line in cell.source.split("\n"))
    return [line for line in lines if line and not (cell.cell_type == "code" and line.startswith("#"))]
