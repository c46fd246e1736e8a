"""The cleaning as a step of nbconvert: for pages of notebooks that something else than labkit has marked."""

from nbconvert.preprocessors import Preprocessor

from labkit.course.clean.notebook import clean_notebook


class CleanNotebook(Preprocessor):
    """Renders of a notebook only what cannot run; in `nbgrader_config.py` for formgrader and nbgrader's feedback."""

    def preprocess(self, nb, resources):
        """The clean notebook, and the resources as they are."""
        return clean_notebook(nb)[0], resources
