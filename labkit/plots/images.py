"""Images: in grids and rows, by channel, by number, and weights looked at as images.

Where many images are shown, they are one picture on one Axes: that is drawn many times faster than an Axes for each.
"""

import numpy as np

from .style import axes_to_draw_in, panels_to_draw_in, title_above, titled, write_in_cells


def image_grid(images, titles=None, columns=10, data=None, title="Images", size=1.0, ax=None):
    """Images in a grid, pixel by pixel, each with its own title above it.

    images: (N, 3, H, W), (N, H, W, 3), (N, 3072) rows of CIFAR-10, or (N, H, W) grey; uint8, or floats in [0, 1].
    titles: N strings, or None.
    columns: images side by side.
    size: width of one image in inches, where a figure is made.
    Returns the Axes.
    Raises ValueError for other shapes or another number of titles.
    """
    pictures = _as_colours(images)
    N, H, W, _ = pictures.shape
    if titles is not None and len(titles) != N:
        raise ValueError(f"titles must have one string per image: expected {N}, got {len(titles)}")
    columns = min(columns, N)
    rows = -(-N // columns)
    if ax is not None:
        size = axes_to_draw_in(ax).get_window_extent().width / ax.figure.dpi / columns
    gap = max(1, round(0.06 * W))
    lines = max((str(text).count("\n") + 1 for text in titles), default=0) if titles is not None else 0
    above = round((0.17 * lines + 0.03) * W / size) if lines else gap  # pixels of an image that the titles take
    height = rows * (H + above) * size / W
    ax = axes_to_draw_in(ax, figsize=(columns * size * 1.05 + 0.1, height + (0.35 if title or data else 0.1)))
    canvas, tops, lefts = _mosaic(pictures, columns, gap, above)
    ax.imshow(canvas)
    for i, text in enumerate(titles if titles is not None else ()):
        ax.text(lefts[i] + (W - 1) / 2, tops[i] - 0.5, text, ha="center", va="bottom", fontsize=9)
    if lines:
        ax.set_ylim(top=-0.5 - above)
    ax.set_axis_off()
    ax.set_title(titled(title, data))
    return ax


def _mosaic(pictures, columns, gap, above):
    """Images (N, H, W, 3) on one white canvas, and the top and left pixel of each.

    gap: white pixels between two columns.
    above: white pixels between two rows.
    """
    N, H, W, _ = pictures.shape
    rows = -(-N // columns)
    r, c = np.divmod(np.arange(N), columns)
    tops, lefts = r * (H + above), c * (W + gap)
    canvas = np.ones((rows * (H + above) - above, columns * (W + gap) - gap, 3))
    for picture, top, left in zip(pictures, tops, lefts):
        canvas[top : top + H, left : left + W] = picture
    return canvas, tops, lefts


def _as_pictures(images):
    """Images as (N, H, W, 3) or (N, H, W), clipped to what can be shown."""
    images = np.asarray(images)
    if images.ndim == 2 and images.shape[1] == 3072:
        images = images.reshape(-1, 3, 32, 32)
    if images.ndim == 4 and images.shape[1] == 3 and images.shape[3] != 3:
        images = images.transpose(0, 2, 3, 1)
    if images.ndim not in (3, 4) or images.size == 0 or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError(
            "images must be (N, 3, H, W), (N, H, W, 3), (N, 3072) or (N, H, W), "
            f"with at least one image, got shape {images.shape}"
        )
    return images if images.dtype == np.uint8 else np.clip(images, 0, 1)


def _as_colours(images):
    """Images as (N, H, W, 3) floats from 0 to 1, the grey ones too."""
    images = _as_pictures(images)
    images = images / 255 if images.dtype == np.uint8 else images
    return images if images.ndim == 4 else np.repeat(images[..., None], 3, axis=-1)


def image_rows(rows, captions=None, data=None, title="Images", size=0.85, ax=None):
    """Series of images, one below the other, each row with its name on the left.

    rows: dict name -> images, each as for `image_grid`, all of one height and width.
    captions: a string above each column, or None.
    size: width of one image in inches, where a figure is made.
    Returns the Axes.
    Raises ValueError if there is no row, sizes differ, or there are not as many captions as columns.
    """
    series = [_as_colours(images) for images in rows.values()]
    sizes = {images.shape[1:3] for images in series}
    if len(sizes) != 1:
        raise ValueError(
            f"rows must have at least one series of images, all of one size, got {sorted(sizes) or 'none'}"
        )
    (H, W), columns = sizes.pop(), max(len(images) for images in series)
    if captions is not None and len(captions) != columns:
        raise ValueError(f"captions must have one string per column: expected {columns}, got {len(captions)}")
    gap = max(1, W // 12)
    filled = np.ones((len(series), columns, H, W, 3))
    for row, images in zip(filled, series):
        row[: len(images)] = images
    canvas, tops, lefts = _mosaic(filled.reshape(-1, H, W, 3), columns, gap, gap)
    ax = axes_to_draw_in(ax, figsize=(columns * size + 1.6, len(series) * size * H / W + 0.6))
    ax.imshow(canvas)
    ax.set_yticks(tops[::columns] + (H - 1) / 2, list(rows))
    ax.set_xticks(lefts[:columns] + (W - 1) / 2, captions if captions is not None else [""] * columns)
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    ax.set_title(titled(title, data))
    return ax


def templates(W, classes, columns=5, data=None, title="Learned templates", size=1.3, ax=None):
    """The weights of each class as an image, stretched from its smallest weight (dark) to its largest (bright).

    W: (3072, C) weights of pixels, or (3073, C) with the bias as the last row, which is left out.
    classes: C names.
    columns, size: as for `image_grid`.
    Returns the Axes.
    Raises ValueError for another shape.
    """
    W = np.asarray(W, dtype=float)
    if W.ndim != 2 or W.shape[0] not in (3072, 3073) or W.shape[1] != len(classes):
        raise ValueError(
            f"W must be (3072, {len(classes)}), or (3073, {len(classes)}) with the bias last, got {W.shape}"
        )
    pictures = _stretched(W[:3072].T)
    return image_grid(pictures, titles=list(classes), columns=columns, data=data, title=title, size=size, ax=ax)


def _stretched(rows):
    """Each entry of the first axis from its smallest number, which becomes 0, to its largest, which becomes 1."""
    rest = tuple(range(1, rows.ndim))
    rows = rows - rows.min(axis=rest, keepdims=True)
    return rows / np.maximum(rows.max(axis=rest, keepdims=True), np.finfo(float).tiny)


def image_channels(image, data=None, title="One image and its three channels", ax=None):
    """An image beside its red, green and blue channels, each as a grey picture on a scale from 0 to 255.

    image: (3, H, W) or (H, W, 3), uint8.
    ax: four Axes.
    Returns the four Axes.
    Raises ValueError for anything else.
    """
    picture = _as_pictures(np.asarray(image)[None])[0]
    if picture.ndim != 3 or picture.dtype != np.uint8:
        raise ValueError(
            f"image must be one uint8 image, (3, H, W) or (H, W, 3), got {np.asarray(image).dtype} "
            f"of shape {np.shape(image)}"
        )
    panels = panels_to_draw_in(ax, 4, figsize=(11, 3.2), sharex=True, sharey=True)
    panels[0].imshow(picture)
    for panel, channel in zip(panels[1:], range(3)):
        shown = panel.imshow(picture[:, :, channel], cmap="gray", vmin=0, vmax=255)
    panels[0].figure.colorbar(shown, ax=list(panels[1:]), label="pixel value", shrink=0.85)
    for panel, name in zip(panels, ("image", "red channel", "green channel", "blue channel")):
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("column")
        panel.grid(False)
    panels[0].set_ylabel("row")
    title_above(panels, titled(title, data))
    return panels


def pixel_values(patch, corner=(0, 0), ax=None, data=None, title="Pixel values"):
    """A piece of one channel with the number of each pixel written into it.

    patch: (H, W) integers from 0 to 255.
    corner: (row, column) of its first pixel in the image.
    Returns the Axes.
    Raises ValueError for another shape, other numbers, or more than 400 of them.
    """
    patch = np.asarray(patch)
    flat = patch.ndim == 2 and 0 < patch.size <= 400 and patch.dtype.kind in "iu"
    if not flat or patch.min() < 0 or patch.max() > 255:
        raise ValueError(
            f"patch must be (H, W) integers from 0 to 255, at most 400, got {patch.dtype} of shape {patch.shape}"
        )
    (H, W), (top, left) = patch.shape, corner
    ax = axes_to_draw_in(ax, figsize=(0.52 * W + 1, 0.42 * H + 1))
    place = (left - 0.5, left + W - 0.5, top + H - 0.5, top - 0.5)
    ax.imshow(patch, cmap="gray", vmin=0, vmax=255, aspect="auto", extent=place)
    write_in_cells(ax, patch.astype(str), patch >= 128, corner)
    ax.set(title=titled(title, data), xlabel="column", ylabel="row")
    ax.set(xticks=range(left, left + W), yticks=range(top, top + H))
    ax.grid(False)
    return ax
