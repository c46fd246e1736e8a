"""Answers to lab 6: the figure of what the filters see, laid out as in lab05.py."""

RIGHT, WRONG = {}, {}

_PLOT = """
middle, blur = np.diag([0, 1, 0]) * np.eye(3)[1], np.full((3, 3), 1 / 9)
sobel = np.outer([1, 0, -1], [1, 2, 1])
kernels = [middle, sobel, sobel.T, blur, 2 * middle - blur]
filter_plot, panels = plt.subplots(2, 5)
for row, picture in zip(panels, pictures.values()):
    grey = np.tensordot([0.3, 0.6, 0.1], np.pad(picture, ((0, 0), (1, 1), (1, 1))), 1)
    for k, (ax, kernel) in enumerate(zip(row, kernels)):
        image = np.einsum("ijpq,pq->ij", sliding_window_view(grey, (3, 3)), kernel)
        ax.imshow(image, cmap="gray", vmin=-4, vmax=4)
        ax.set_title(f"filter {k}")
filter_plot.suptitle("Filters")
"""
_SHOWN = 'ax.imshow(image, cmap="gray", vmin=-4, vmax=4)'
RIGHT["filter_plot"] = {
    "a figure": _PLOT,
    "named": _PLOT.replace(
        'f"filter {k}"', '("grey", "horizontal edges", "vertical edges", "blurred", "sharpened")[k]'
    ),
    "its panels": _PLOT + "filter_plot = panels",
    "a list of panels": _PLOT + "filter_plot = list(panels.flat)",
    "beside an original": _PLOT.replace("(2, 5)", "(2, 6)") + "filter_plot.axes[5].imshow(portrait.T)",
    "brought to 0 and 1": _PLOT.replace(_SHOWN, 'ax.imshow((image + 4) / 8, cmap="Greys", vmin=0, vmax=1)'),
    "grey in three channels": _PLOT.replace(_SHOWN, "ax.imshow(np.clip((image[..., None] + [4, 4, 4]) / 8, 0, 1))"),
    "limits on two sides": _PLOT.replace("vmin=-4, vmax=4", "norm=plt.matplotlib.colors.TwoSlopeNorm(0, -1, 5)"),
    "a mesh, without the border": _PLOT.replace(_SHOWN, _SHOWN.replace("imshow(image", "pcolormesh(image[1:-1, 1:-1]")),
    "words below, and a text above": _PLOT.replace("set_title", "set_xlabel").replace("suptitle(", "text(0.4, 0.9, "),
}
_ONE = "zip(panels, pictures.values())", "zip(panels, [portrait, portrait])"
WRONG["filter_plot"] = {
    "a line": ("filter_plot = plt.plot([1, 2])", {"filter_plot": 6}, "there are no pictures"),
    "no titles": (
        _PLOT.replace("        ax.set_title", "        str"),
        {"filter_plot": 1},
        "10 of the pictures do not say",
    ),
    "the same title": (_PLOT.replace("filter {k}", "filter"), {"filter_plot": 1}, "all say the same"),
    "no title above": (_PLOT.replace("filter_plot.suptitle", "str"), {"filter_plot": 1}, "suptitle"),
    "one picture": (_PLOT.replace(*_ONE), {"filter_plot": 2.25}, "missing: grey-scale (1), horizontal edges (1)"),
    "blur twice": (_PLOT.replace("2 * middle - blur]", "blur]"), {"filter_plot": 1.8}, "missing: sharpen (2)"),
    "noise": (
        _PLOT.replace("imshow(image", "imshow(np.random.rand(40, 30)"),
        {"filter_plot": 4},
        "none of the pictures",
    ),
    "limits that hide the sign": (_PLOT.replace("vmin=-4", "vmin=0"), {"filter_plot": 1}, "0 is not in the middle"),
    "set invisible": (
        _PLOT.replace("vmax=4)", "vmax=4).set_visible(False)"),
        {"filter_plot": 6},
        "cannot be seen: it is set invisible",
    ),
    "blur and sharpen swapped": (
        _PLOT.replace('f"filter {k}"', '("grey", "horizontal edges", "vertical edges", "sharpened", "blurred")[k]'),
        {"filter_plot": 1},
        "the words at blur and sharpen are swapped",
    ),
    "all black": (_PLOT.replace("imshow(image", "imshow(0 * image"), {"filter_plot": 4}, "none of the pictures"),
    "a number": ("filter_plot = 3", {"filter_plot": 6}, "there are no pictures"),
}
