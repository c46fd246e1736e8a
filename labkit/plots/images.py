"""Images: in grids and rows, by channel, by number; weights and what layers make of an image, looked at as images.

Where many images are shown, they are one picture on one Axes: that is drawn many times faster than an Axes for each.
"""

import numpy as np
from matplotlib.patches import Rectangle

from labkit.arguments import whole

from .style import ORANGE, axes_to_draw_in, panels_to_draw_in, title_above, titled, write_in_cells


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
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles must have one string per image: expected {len(pictures)}, got {len(titles)}")
    ax, _ = _grid(pictures, [] if titles is None else list(titles), columns, size, ax)
    ax.set_title(titled(title, data))
    return ax


def _grid(pictures, names, columns, size, ax, **look):
    """Pictures (N, H, W, 3), or (N, H, W) of numbers for a colour map, in a grid; the Axes, and the `imshow` in it.

    names: N strings, or none of them.
    look: further arguments of `imshow`.
    """
    N, H, W = pictures.shape[:3]
    columns = min(columns, N)
    rows = -(-N // columns)
    if ax is not None:
        size = axes_to_draw_in(ax).get_window_extent().width / ax.figure.dpi / columns
    gap, lines = max(1, round(0.06 * W)), max((str(name).count("\n") + 1 for name in names), default=0)
    above = round((0.17 * lines + 0.03) * W / size) if lines else gap  # pixels of an image that the names take
    ax = axes_to_draw_in(ax, figsize=(columns * size * 1.05 + 0.1, rows * (H + above) * size / W + 0.35))
    canvas, tops, lefts = _mosaic(pictures, columns, gap, above)
    shown = ax.imshow(canvas, **look)
    for name, top, left in zip(names, tops, lefts):
        ax.text(left + (W - 1) / 2, top - 0.5, name, ha="center", va="bottom", fontsize=9)
    if lines:
        ax.set_ylim(top=-0.5 - above)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    ax.set(xticks=[], yticks=[])
    return ax, shown


def _mosaic(pictures, columns, gap, above):
    """Pictures (N, H, W, ...) on one canvas, white or empty between them, and the top and left pixel of each.

    gap: pixels between two columns.
    above: pixels between two rows.
    """
    N, H, W, *channels = pictures.shape
    rows = -(-N // columns)
    r, c = np.divmod(np.arange(N), columns)
    tops, lefts = r * (H + above), c * (W + gap)
    shape = (rows * (H + above) - above, columns * (W + gap) - gap, *channels)
    canvas = np.full(shape, 1.0 if channels else np.nan)
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
    write_in_cells(ax, patch.astype(str), patch >= 118, corner)  # below it, white ink has more contrast
    ax.set(title=titled(title, data), xlabel="column", ylabel="row")
    ax.set(xticks=range(left, left + W), yticks=range(top, top + H))
    ax.grid(False)
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


def visualize_filters(
    w, before=None, shared=False, columns=8, data=None, title="First-layer filters", size=0.6, ax=None
):
    """The filters of a convolution: in colour where they have three channels, else in grey, a row of channels each.

    w: (F, C, H, W) filters.
    before: (F, C, H, W) the filters before training, drawn on the left of w; None draws w alone.
    shared: True draws all on one scale, with a weight of 0 in the middle, so that large weights stand out; False
      stretches each filter from its smallest weight (dark) to its largest (bright).
    columns: filters side by side, where each is one picture.
    size: width of one picture in inches, where a figure is made.
    ax: two Axes where before is given.
    Returns the Axes, or both.
    Raises ValueError if w is not (F, C, H, W), not finite, or before has another shape.
    """
    sets = [_filters(w, "w")] if before is None else [_filters(before, "before"), _filters(w, "w")]
    if sets[0].shape != sets[-1].shape:
        raise ValueError(f"before must have the shape of w, {sets[-1].shape}, got {sets[0].shape}")
    F, C = sets[0].shape[:2]
    one_picture = C in (1, 3)
    across = min(columns, F) if one_picture else C
    size = min(size, 5 / across)
    most = max(abs(filters).max() for filters in sets)
    own = "each from its smallest weight (dark) to its largest (bright)"
    scale = f"all from −{most:.2g} (dark) to {most:.2g} (bright)" if shared else own
    tall = (-(-F // across) if one_picture else F) * size * 1.06 * sets[0].shape[2] / sets[0].shape[3]
    panels = panels_to_draw_in(ax, len(sets), figsize=(len(sets) * max(across * size * 1.06, 3.4) + 0.3, tall + 0.9))
    for panel, filters, when in zip(panels, sets, ("before training", "after training")):
        filters = 0.5 + filters / (2 * most or 1) if shared else _stretched(filters)
        pictures = filters.transpose(0, 2, 3, 1) if C == 3 else filters.reshape(-1, *filters.shape[2:])
        _grid(_as_colours(pictures), [], across, size, panel)
        panel.set_xlabel(scale, fontsize=9)
        panel.set_title(when if before is not None else titled(title, data), fontsize=None if before is None else 10)
        if not one_picture:
            panel.set_ylabel(f"{F} filters, a row of {C} channels each", fontsize=9)
    if before is None:
        return panels[0]
    title_above(panels, titled(title, data))
    return panels


def _filters(w, name):
    w = np.asarray(w, dtype=float)
    if w.ndim != 4 or w.size == 0 or not np.isfinite(w).all():
        raise ValueError(
            f"{name} must be finite filters, (F, C, H, W) = (filters, channels, rows, columns), got {w.shape}"
        )
    return w


def feature_maps(maps, names=None, shared=True, columns=8, data=None, title="Feature maps", size=1.0, ax=None):
    """What a layer makes of one image: a picture for each filter, dark where it is low and bright where it is high.

    maps: (F, H, W) the layer's output for one image, or (1, F, H, W).
    names: F strings above the maps; None numbers them, from 0.
    shared: True draws all on one scale, so that a filter that finds nothing stays dark; False stretches each map.
    columns, size: as for `image_grid`.
    Returns the Axes.
    Raises ValueError for another shape, more than one image, or another number of names.
    """
    maps = np.asarray(maps, dtype=float)
    maps = maps[0] if maps.ndim == 4 and len(maps) == 1 else maps
    if maps.ndim != 3 or maps.size == 0 or not np.isfinite(maps).all():
        raise ValueError(f"maps must be finite, (F, H, W), the layer's output for one image, got shape {maps.shape}")
    names = [str(i) for i in range(len(maps))] if names is None else list(names)
    if len(names) != len(maps):
        raise ValueError(f"names must have one string per map: expected {len(maps)}, got {len(names)}")
    ax, shown = _grid(maps if shared else _stretched(maps), names, columns, size, ax)
    if shared:
        ax.figure.colorbar(shown, ax=ax, label="output of the layer")
    else:
        ax.set_xlabel("each from its lowest output (dark) to its highest (bright)", fontsize=9)
    ax.set_title(titled(title, data))
    return ax


def occlusion_map(
    image, drop, patch=None, label="fall of the probability", data=None, title="What the network needs", ax=None
):
    """An image beside a map of how much is lost when each piece of it is covered; the piece needed most is framed.

    image: (3, H, W), (H, W, 3) or (H, W), uint8 or floats in [0, 1].
    drop: (R, C) what is lost with the piece in row r and column c covered; the pieces are spread evenly.
    patch: side of the square that covers a piece, in pixels; None for pieces that lie side by side.
    label: what drop measures.
    ax: two Axes.
    Returns the two Axes.
    Raises ValueError for other shapes.
    """
    picture, drop = _as_colours(np.asarray(image)[None])[0], np.asarray(drop, dtype=float)
    if drop.ndim != 2 or drop.size == 0 or not np.isfinite(drop).all():
        raise ValueError(f"drop must be (R, C) finite numbers, one for each place that is covered, got {drop.shape}")
    (H, W), (R, C) = picture.shape[:2], drop.shape
    if patch is not None:
        patch = whole(patch, "patch", least=1, most=min(H, W))
    high, wide = (H / R, W / C) if patch is None else (patch, patch)
    down, right = (H - high) / max(R - 1, 1), (W - wide) / max(C - 1, 1)  # from one place to the next
    panels = panels_to_draw_in(ax, 2, figsize=(8.6, 4), sharex=True, sharey=True)
    panels[0].imshow(picture)
    first = (
        (high - down) / 2 - 0.5,
        (wide - right) / 2 - 0.5,
    )  # a cell is as large as a step, around the middle of its piece
    place = (
        (first[1], first[1] + C * right, first[0] + R * down, first[0])
        if R > 1 and C > 1
        else (-0.5, W - 0.5, H - 0.5, -0.5)
    )
    shown = panels[1].imshow(drop, extent=place)
    r, c = np.unravel_index(drop.argmax(), drop.shape)
    for panel, name in zip(panels, ("image", "covered here")):
        for color, width in (("white", 4), (ORANGE, 2)):
            frame = {"fill": False, "edgecolor": color, "linewidth": width}
            panel.add_patch(Rectangle((c * right - 0.5, r * down - 0.5), wide, high, **frame))
        panel.set_title(name, fontsize=10)
        panel.set(xlabel="column", xlim=(-0.5, W - 0.5), ylim=(H - 0.5, -0.5))
        panel.grid(False)
    panels[0].set_ylabel("row")
    panels[0].figure.colorbar(shown, ax=panels[1], label=label)
    title_above(panels, titled(title, data))
    return panels
