"""Steps of the student edition that nbgrader does not have, as nbgrader preprocessors."""

from nbgrader.preprocessors import NbGraderPreprocessor

from labkit.course import labs
from labkit.course.student import _KEPT_TAGS, CODE_STUB, ready_cell


class PlainStubs(NbGraderPreprocessor):
    """Outside a function the stub is a comment: a bare `...` at the end of a cell would print `Ellipsis`."""

    def preprocess_cell(self, cell, resources, cell_index):
        if cell.cell_type == "code" and labs.kind(cell) in ("solution", "manual"):
            comment = CODE_STUB.partition("#")[1] + CODE_STUB.partition("#")[2]
            cell.source = "\n".join(comment if line == CODE_STUB else line for line in cell.source.split("\n"))
        return cell, resources


class StudentMetadata(NbGraderPreprocessor):
    """Drops what is for authors (tags, marking versions, timings), and puts the test of the installation on top."""

    def preprocess(self, nb, resources):
        nb.cells = [cell for cell in nb.cells if labs.NOT_FOR_STUDENTS not in cell.metadata.get("tags", [])]
        for cell in nb.cells:
            tags = [tag for tag in cell.metadata.get("tags", []) if tag in _KEPT_TAGS]
            kept = {key: cell.metadata[key] for key in ("nbgrader", "deletable", "editable") if key in cell.metadata}
            cell.metadata = type(cell.metadata)(kept | ({"tags": tags} if tags else {}))
            if labs.kind(cell) in ("solution", "manual"):
                cell.pop("attachments", None)
        nb.metadata = type(nb.metadata)(
            {key: nb.metadata[key] for key in ("kernelspec", "language_info") if key in nb.metadata}
        )
        nb.cells = [ready_cell(labs.needs(nb)), *nb.cells]
        nb.nbformat_minor = max(nb.nbformat_minor, 5)
        return nb, resources
