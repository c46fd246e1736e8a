"""Nine kinds of background, what stands about in them, what is in front of the object; light and focus."""

import numpy as np

from labkit.data.standin.brush import HALF, Layer, X, Y, each, limit

BLUE, HAZE, DUSK = (0.45, 0.65, 0.90), (0.80, 0.86, 0.92), (0.90, 0.70, 0.50)
GREY, STORM, DEEP = (0.66, 0.70, 0.74), (0.42, 0.47, 0.54), (0.22, 0.42, 0.78)
SKIES = [BLUE, HAZE, BLUE, GREY, DEEP, DUSK, HAZE, STORM]
LEAVES = [(0.20, 0.34, 0.14), (0.30, 0.42, 0.20), (0.14, 0.22, 0.10), (0.42, 0.40, 0.20), (0.46, 0.50, 0.36)]
GRASS = [(0.36, 0.52, 0.20), (0.48, 0.58, 0.28), (0.62, 0.58, 0.34), (0.28, 0.40, 0.16)]
EARTH = [(0.50, 0.42, 0.30), (0.36, 0.30, 0.22), (0.66, 0.58, 0.44), (0.40, 0.46, 0.24), (0.30, 0.44, 0.18)]
WATER = [(0.16, 0.34, 0.52), (0.30, 0.46, 0.56), (0.22, 0.40, 0.38), (0.44, 0.52, 0.58), (0.12, 0.22, 0.34)]
WALLS = [
    (0.84, 0.80, 0.70),
    (0.72, 0.60, 0.50),
    (0.58, 0.36, 0.30),
    (0.48, 0.52, 0.58),
    (0.86, 0.85, 0.82),
    (0.36, 0.28, 0.24),
    (0.74, 0.68, 0.56),
]
FLOORS = [
    (0.56, 0.40, 0.26),
    (0.70, 0.64, 0.56),
    (0.36, 0.30, 0.30),
    (0.30, 0.36, 0.52),
    (0.60, 0.30, 0.28),
    (0.84, 0.82, 0.80),
]
ROADS = [(0.40, 0.40, 0.42), (0.30, 0.30, 0.32), (0.58, 0.56, 0.54), (0.50, 0.46, 0.42)]
SNOW = [(0.92, 0.93, 0.96), (0.82, 0.84, 0.88), (0.88, 0.80, 0.66)]
POSTS = [
    (0.36, 0.28, 0.20),
    (0.24, 0.20, 0.16),
    (0.50, 0.48, 0.46),
    (0.22, 0.32, 0.16),
    (0.62, 0.56, 0.46),
    (0.16, 0.17, 0.18),
    (0.78, 0.77, 0.74),
]

# Scene: lowest and highest horizon (beyond -1 or 1 it is out of the picture), colours above and below it,
# how rough both are.
SCENES = {
    "sky": (1.3, 1.6, SKIES, WATER, 0.10, 0.05),
    "sea": (-0.25, 0.35, SKIES, WATER, 0.05, 0.07),
    "field": (-0.35, 0.40, SKIES + LEAVES[3:], GRASS, 0.08, 0.09),
    "forest": (0.35, 0.85, LEAVES, GRASS + EARTH, 0.16, 0.10),
    "street": (0.05, 0.45, WALLS[:5] + SKIES + LEAVES[3:], ROADS, 0.08, 0.05),
    "room": (0.10, 0.75, WALLS, FLOORS, 0.05, 0.06),
    "ground": (-1.6, -1.3, EARTH, EARTH + LEAVES, 0.08, 0.14),
    "pond": (-1.6, -1.3, WATER, WATER + LEAVES[:3], 0.08, 0.12),
    "snow": (-0.40, 0.30, SKIES + LEAVES, SNOW, 0.06, 0.05),
}

# How often a class is seen where. The usual place helps, as in photographs, and decides nothing.
PLACES = {
    "airplane": {"sky": 0.62, "field": 0.12, "street": 0.10, "sea": 0.08, "snow": 0.08},
    "automobile": {"street": 0.58, "field": 0.16, "room": 0.10, "snow": 0.10, "sea": 0.06},
    "bird": {"sky": 0.22, "forest": 0.22, "field": 0.18, "ground": 0.12, "sea": 0.16, "pond": 0.10},
    "cat": {"room": 0.58, "ground": 0.18, "street": 0.12, "field": 0.12},
    "deer": {"field": 0.36, "forest": 0.38, "ground": 0.12, "snow": 0.14},
    "dog": {"room": 0.38, "field": 0.28, "ground": 0.14, "snow": 0.12, "street": 0.08},
    "frog": {"ground": 0.44, "pond": 0.22, "forest": 0.22, "room": 0.12},
    "horse": {"field": 0.52, "forest": 0.14, "street": 0.12, "snow": 0.12, "ground": 0.10},
    "ship": {"sea": 0.78, "sky": 0.10, "snow": 0.12},
    "truck": {"street": 0.58, "field": 0.16, "sky": 0.08, "snow": 0.10, "ground": 0.08},
}


def place(label, d):
    """The scene of each picture of a class: (n,) positions in SCENES."""
    names = list(SCENES)
    usual = np.array([names.index(name) for name in PLACES[label]])
    return usual[d.index(list(PLACES[label].values()))]


def of_scene(where, draw):
    """What `draw` returns for each scene, (n, ...), taken for each picture from its own scene."""
    drawn = [draw(scene) for scene in SCENES.values()]
    out = np.empty_like(drawn[0])
    for i, values in enumerate(drawn):
        out[where == i] = values[where == i]
    return out


def whole(picture, ground):
    """A layer in the coordinates of the pictures."""
    shape = picture[:, 0].shape
    return Layer(np.broadcast_to(X, shape), np.broadcast_to(Y, shape), each(HALF), ground)


def background(where, d):
    """Sky, wood or wall above the horizon; water, grass or floor below it: (n, 3, 32, 32)."""
    horizon = of_scene(where, lambda scene: d(scene[0], scene[1]))
    above = of_scene(where, lambda scene: d.colour(scene[2]))
    below = of_scene(where, lambda scene: d.colour(scene[3]))
    rough = np.array([scene[4:] for scene in SCENES.values()], dtype=np.float32)[where]
    fade, slope = d(-0.16, 0.16), d(-0.10, 0.10)
    split = limit((Y - horizon - slope * X) * HALF + 0.5, 0.0, 1.0)
    up = above + (fade * Y + each(rough[:, 0]) * d.texture(4))[:, None]
    down = below + (each(rough[:, 1]) * d.texture(8) - fade * Y)[:, None]
    return up + split[:, None] * (down - up)


def clutter(picture, where, d, amount):
    """Bushes, stones, posts, cushions behind the object, in place. amount from 0, none, to 1, all nine."""
    layer = whole(picture, picture)
    for i in range(9):
        colour = of_scene(where, lambda scene: d.colour(scene[2] + scene[3], 0.12))
        colour = colour * d(0.5, 1.3)[:, None]
        x, y, wide, high = d(-1.0, 1.0), d(-0.9, 0.9), d(0.08, 0.36), d(0.08, 0.36)
        shown = limit(9.0 * amount - i, 0.0, 1.0) * d(0.7, 1.0)
        if i % 2:
            layer.ellipse(x, y, wide, high, colour, shown)
        else:
            layer.box(x - 0.6 * wide, y - 1.6 * high, x + 0.6 * wide, y + 1.6 * high, colour, shown)
    layer.over(picture)


def occlude(picture, d, amount):
    """A post, or something that rises from below, in front, in place. amount from 0, nothing, to 1, half."""
    colour = d.colour(POSTS)
    upright, x, ragged = d.chance(0.5), d(-0.5, 0.5), d.texture(8)
    post = np.abs(X - x) - 0.5 * amount
    rise = 1.0 - 1.1 * amount + 0.12 * ragged - Y
    nothing = (amount <= 0.0).astype(np.float32)
    layer = whole(picture, colour)
    layer.paint(upright * post + (1.0 - upright) * rise + 4.0 * nothing, colour)
    layer.over(picture)


def light(picture, d, amount):
    """Dark to bright with the light from one side, in place. amount from -1 to 1; 0 changes nothing."""
    t, side = d(-1.0, 1.0), 2.0 * d.chance(0.5) - 1.0
    across, down = side * (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)  # any angle, no sine
    picture *= (1.0 + 0.55 * amount + 0.5 * np.abs(amount) * (across * X + down * Y))[:, None]


def defocus(picture, amount):
    """Pictures out of focus. amount from 0, sharp, to 1, blurred over about five pixels."""
    soft = picture
    for _ in range(3):
        rows = np.concatenate([soft[:, :, :1], soft, soft[:, :, -1:]], axis=2)
        soft = 0.25 * (rows[:, :, :-2] + rows[:, :, 2:]) + 0.5 * soft
        columns = np.concatenate([soft[..., :1], soft, soft[..., -1:]], axis=3)
        soft = 0.25 * (columns[..., :-2] + columns[..., 2:]) + 0.5 * soft
    return picture + amount[:, None] * (soft - picture)
