"""A picture from scene, object, what covers it, light and camera: for one picture or for many at once."""

import numbers

import numpy as np

from labkit.data.standin import scenes
from labkit.data.standin.brush import HALF, Dice, Layer, X, Y, each, limit
from labkit.data.standin.shapes import BENDING, KINDS

CLASSES = tuple(KINDS)
RANGES = {
    "viewpoint": (-1, 1),
    "scale": (0.5, 1.5),
    "deformation": (-1, 1),
    "occlusion": (0, 1),
    "illumination": (-1, 1),
    "clutter": (0, 1),
}
LARGEST_SEED = 99_999_999


def render(
    label, *, viewpoint=0.0, scale=1.0, deformation=0.0, occlusion=0.0, illumination=0.0, clutter=0.0, variant=0, seed=0
):
    """One picture of a class, with each of the seven difficulties of recognition set by hand.

    The defaults give the plain picture: the object complete, in even light, before an empty background.
    label: name of a class, or its number from 0 to 9.
    viewpoint: from -1 to 1; the object turns by up to 25 degrees, slants, and is foreshortened.
    scale: from 0.5 to 1.5 times the plain size.
    deformation: from -1 to 1; limbs swing, bodies stretch and bend.
    occlusion: from 0 to 1; something in front covers up to half of the picture.
    illumination: from -1, dark, to 1, overexposed; far from 0 the light comes from one side.
    clutter: from 0 to 1; the background fills with up to nine things.
    variant: a whole number from 0; other kinds, colours and proportions within the class.
    seed: a whole number from 0; where the picture is taken: background, things there, side of the light.
    Returns (3, 32, 32) uint8, the same for the same arguments on every machine.
    Raises ValueError, naming the argument, if one is not a number or out of its range.
    """
    number = _class_number(label)
    settings = {
        "viewpoint": viewpoint,
        "scale": scale,
        "deformation": deformation,
        "occlusion": occlusion,
        "illumination": illumination,
        "clutter": clutter,
    }
    settings = {name: each(_in_range(name, value)) for name, value in settings.items()}
    variant, seed = _whole("variant", variant), _whole("seed", seed)
    kind = variant % len(KINDS[CLASSES[number]])
    look, scene = Dice(10 * variant + number, 1), Dice(10 * seed + number, 1)
    return to_bytes(compose(CLASSES[number], kind, look, scene, **settings))[0]


def compose(
    label,
    kind,
    look,
    scene,
    *,
    viewpoint,
    scale,
    deformation,
    occlusion,
    illumination,
    clutter,
    mirror=1.0,
    shift=(0.0, 0.0),
):
    """Pictures of one kind of a class, not yet rounded: (n, 3, 32, 32) float32, about 0 to 1.

    label: name of the class.
    kind: position in KINDS[label].
    look, scene: `Dice` for the object and for everything else.
    The settings are those of `render`, each (n, 1, 1); mirror 1 or -1, shift (x, y) in halves of a picture.
    """
    where = scenes.place(label, scene)
    picture = scenes.background(where, scene)
    scenes.clutter(picture, where, scene, clutter)
    x, y = coordinates(viewpoint, scale, mirror, shift)
    bend = 0.22 * deformation if label in BENDING else 0.0
    y = y * (1.0 + 0.10 * deformation) + bend * (x * x - 0.25)
    x = x * (1.0 - 0.10 * deformation)
    layer = Layer(x, y, HALF * scale, 0.5)
    KINDS[label][kind](layer, look, deformation)
    shade = 1.06 - look(0.05, 0.30) * y + 0.10 * look.texture(6)
    layer.colour *= shade[:, None]
    layer.over(picture)
    scenes.occlude(picture, scene, occlusion)
    scenes.light(picture, scene, illumination)
    return picture


def coordinates(viewpoint, scale, mirror, shift):
    """The object's coordinates at every pixel, (n, 32, 32) each: moved, turned, slanted, foreshortened."""
    t = 0.22 * viewpoint  # tangent of half the angle: turns without sine and cosine
    cos, sin = (1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t)
    u, v = (X - shift[0]) / scale, (Y - shift[1]) / scale
    x, y = cos * u + sin * v, cos * v - sin * u
    x = (x + 0.25 * viewpoint * y) * (1.0 + 0.3 * viewpoint * viewpoint)
    return mirror * x, y


def to_bytes(picture, contrast=1.0):
    """Brightness 0 to 1 as whole numbers 0 to 255, with the contrast around the middle raised."""
    values = (picture - 0.5) * contrast + 0.5
    return limit(values * 255.0 + 0.5, 0.0, 255.0).astype(np.uint8)


def _class_number(label):
    """The class's number, for its name or number."""
    if isinstance(label, str) and label in CLASSES:
        return CLASSES.index(label)
    if isinstance(label, numbers.Integral) and not isinstance(label, bool) and 0 <= label < len(CLASSES):
        return int(label)
    raise ValueError(f"label must be a class ({', '.join(CLASSES)}) or its number from 0 to 9, not {label!r}")


def _in_range(name, value):
    """The value as a float, if it is a number in the range of this setting."""
    low, high = RANGES[name]
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    raise ValueError(f"{name} must be a number from {low} to {high}, not {value!r}")


def _whole(name, value):
    """The value as an int, if it is a whole number that can seed the draws."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool) and 0 <= value <= LARGEST_SEED:
        return int(value)
    raise ValueError(f"{name} must be a whole number from 0 to {LARGEST_SEED:,}, not {value!r}")
