"""The stand-in: 12,000 drawn pictures that take the place of CIFAR-10 where it cannot be had.

They have its classes, size and file format. `brush` draws shapes, `animals` and `vehicles` draw the ten classes
with them (`shapes` lists their kinds), `scenes` draws what is behind and before the objects, `render` puts a picture
together, `files` writes the set.
The same bytes come out on every machine; data/README.md tells how hard the set is.
"""

from labkit.data.standin.files import make_standin, standin_folder
from labkit.data.standin.render import render

__all__ = ["make_standin", "render", "standin_folder"]
