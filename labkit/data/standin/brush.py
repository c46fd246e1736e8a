"""Random draws and flat shapes for many pictures at once, with the same result on every machine.

Only + - * / sqrt, comparisons and rounding are used, one NumPy operation at a time in float32: IEEE 754
fixes their results to the last bit. Sines, powers, sums along an axis and matrix products would not do:
their last bits depend on the processor and on the version of NumPy.

A number per picture has the shape (n, 1, 1), a colour per picture (n, 3, 1, 1), a plane of pixels
(n, 32, 32); n may be 1 where all pictures share it. Brightness goes from 0 to 1.
"""

import numpy as np

SIZE = 32
HALF = 16.0  # pixels in one unit of length: a picture reaches from -1 to 1
# The centres of the pixels, x to the right and y downwards: multiples of 1/32, so exact.
X = ((2 * np.arange(SIZE) - (SIZE - 1)) / SIZE).astype(np.float32).reshape(1, 1, SIZE)
Y = X.reshape(1, SIZE, 1)


def each(values):
    """A number, or one for each picture, as float32 of shape (n, 1, 1)."""
    return np.asarray(values, dtype=np.float32).reshape(-1, 1, 1)


def rgb(values):
    """A colour, or one for each picture, as float32 of shape (n, 3, 1, 1)."""
    return np.asarray(values, dtype=np.float32).reshape(-1, 3, 1, 1)


def limit(values, low, high):
    """Values cut off at low and high, in place."""
    np.maximum(values, low, out=values)
    return np.minimum(values, high, out=values)


class Dice:
    """Random draws for `n` pictures.

    They come from `RandomState`, whose stream NumPy has frozen for good, and there only from `random_sample`:
    the integer methods depend on the size of a C long, the normal ones on the machine's logarithm.
    """

    def __init__(self, seed, n):
        self.n = n
        self.stream = np.random.RandomState(seed)

    def uniform(self, *shape):
        """Numbers in [0, 1), of shape (n, *shape)."""
        return self.stream.random_sample((self.n, *shape)).astype(np.float32)

    def __call__(self, low=0.0, high=1.0):
        """A number from low to high for each picture."""
        return low + (high - low) * each(self.uniform())

    def chance(self, probability):
        """1 with this probability, else 0, for each picture."""
        return (self() < probability).astype(np.float32)

    def index(self, weights):
        """A position in `weights` for each picture, drawn with these probabilities: (n,) integers."""
        u, at, edge = self.uniform(), np.zeros(self.n, dtype=np.intp), 0.0
        for weight in weights[:-1]:
            edge += weight
            at += u >= np.float32(edge)
        return at

    def colour(self, palette, spread=0.06):
        """A colour of the palette for each picture, darker or lighter by up to `spread`, a little tinted."""
        base = rgb(palette)[self.index([1 / len(palette)] * len(palette))]
        shift = spread * (2.0 * self() - 1.0)
        return base + shift[:, None] + 0.5 * spread * (2.0 * rgb(self.uniform(3)) - 1.0)

    def texture(self, cells):
        """Smooth noise from -1 to 1, (n, 32, 32): random values on a grid, interpolated."""
        grid = 2.0 * self.uniform(cells + 1, cells + 1) - 1.0
        at = (2 * np.arange(SIZE) + 1) * cells
        low, part = at // (2 * SIZE), (at % (2 * SIZE) / (2 * SIZE)).astype(np.float32)
        rows = grid[:, low] * (1.0 - part[:, None]) + grid[:, low + 1] * part[:, None]
        return rows[:, :, low] * (1.0 - part) + rows[:, :, low + 1] * part


class Layer:
    """A drawing of flat shapes in coordinates of its own, one for each picture.

    x, y: those coordinates at every pixel, (n, 32, 32). unit: pixels in one unit of them, (n, 1, 1).
    ground: the colour below the first shape; seen only in the soft edges of the shapes.
    """

    def __init__(self, x, y, unit, ground):
        self.x, self.y, self.unit = x, y, unit
        self.colour = np.empty((len(x), 3, SIZE, SIZE), dtype=np.float32)
        self.colour[...] = ground
        self.alpha = np.zeros((len(x), SIZE, SIZE), dtype=np.float32)

    def paint(self, distance, colour, opacity=1.0):
        """Fill where `distance`, in the drawing's units, is negative; the edge is soft over one pixel."""
        cover = limit(0.5 - distance * self.unit, 0.0, 1.0)
        cover *= opacity
        self.alpha += cover * (1.0 - self.alpha)
        step = colour - self.colour
        step *= cover[:, None]
        self.colour += step

    def ellipse(self, cx, cy, rx, ry, colour, opacity=1.0):
        """Ellipse around (cx, cy) with half axes rx and ry; its distance is right to first order."""
        rx, ry = each(rx), each(ry)
        u, v = (self.x - each(cx)) / rx, (self.y - each(cy)) / ry
        k = np.sqrt(u * u + v * v) + 1e-6  # so that the centre counts as inside
        u /= rx
        v /= ry
        self.paint(k * (k - 1.0) / (np.sqrt(u * u + v * v) + 1e-6), colour, opacity)

    def limb(self, x0, y0, x1, y1, r0, r1, colour, opacity=1.0):
        """Stroke from (x0, y0) to (x1, y1) with round ends, of radius r0 at the one and r1 at the other."""
        x0, y0, x1, y1, r0, r1 = map(each, (x0, y0, x1, y1, r0, r1))
        dx, dy = x1 - x0, y1 - y0
        u, v = self.x - x0, self.y - y0
        along = limit((u * dx + v * dy) / (dx * dx + dy * dy + 1e-6), 0.0, 1.0)
        u -= along * dx
        v -= along * dy
        self.paint(np.sqrt(u * u + v * v) - (r0 + along * (r1 - r0)), colour, opacity)

    def box(self, x0, y0, x1, y1, colour, opacity=1.0):
        """Rectangle from (x0, y0), top left, to (x1, y1)."""
        across = np.maximum(each(x0) - self.x, self.x - each(x1))
        down = np.maximum(each(y0) - self.y, self.y - each(y1))
        self.paint(np.maximum(across, down), colour, opacity)

    def polygon(self, points, colour, opacity=1.0):
        """Convex polygon with corners [(x, y), ...], clockwise as one sees it."""
        corners = [(each(x), each(y)) for x, y in points]
        distance = np.float32(-np.inf)
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
            dx, dy = x1 - x0, y1 - y0
            length = np.sqrt(dx * dx + dy * dy) + 1e-6
            distance = np.maximum(distance, (self.x - x0) * (dy / length) - (self.y - y0) * (dx / length))
        self.paint(distance, colour, opacity)

    def over(self, picture):
        """Lay the drawing over the pictures (n, 3, 32, 32), in place."""
        step = self.colour - picture
        step *= self.alpha[:, None]
        picture += step
