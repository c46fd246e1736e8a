"""Birds, cats, deer, dogs, frogs and horses, as `shapes` tells."""

from labkit.data.standin.brush import rgb
from labkit.data.standin.colours import BLACK, COAT, DARK, FUR, HIDE, PINK, PLUMAGE, SKIN, WHITE, YELLOW

# --- bird


def perched_bird(layer, d, pose):
    """A bird on a branch."""
    body, belly = d.colour(PLUMAGE), d.colour(PLUMAGE)
    nod, beak = 0.10 * pose, d.colour([(0.85, 0.60, 0.15), (0.25, 0.22, 0.20)])
    fat = d(0.26, 0.33)
    for x in (-0.04, 0.10):
        layer.limb(x, 0.30, x + 0.03, 0.76, 0.035, 0.03, beak * 0.8)
    layer.polygon([(-0.34, 0.02), (-0.20, 0.22), (-0.78, 0.62), (-0.92, 0.48)], body * 0.7)
    layer.polygon([(0.48, -0.52 + nod), (0.88, -0.38 + nod), (0.48, -0.28 + nod)], beak)
    layer.limb(-0.16, 0.14, 0.18, -0.04, fat, fat * 0.85, body)
    layer.ellipse(0.16, 0.12, 0.18, 0.22, belly)
    layer.ellipse(0.34, -0.40 + nod, 0.22, 0.21, body)
    layer.limb(-0.36, 0.22, 0.06, -0.04, 0.08, 0.16, body * 0.6)
    layer.ellipse(0.42, -0.44 + nod, 0.05, 0.05, BLACK)


def flying_bird(layer, d, pose):
    """A bird in flight, its wings up or down."""
    body, beak = d.colour(PLUMAGE), d.colour([(0.85, 0.60, 0.15), (0.25, 0.22, 0.20)])
    tip = -0.66 + 0.40 * pose
    layer.polygon([(0.20, 0.02), (-0.10, 0.04), (-0.36, tip + 0.20), (-0.16, tip)], body * 0.65)
    layer.polygon([(-0.40, -0.04), (-0.34, 0.14), (-0.88, 0.30), (-0.90, 0.08)], body * 0.8)
    layer.polygon([(0.66, -0.14), (0.90, -0.02), (0.64, 0.06)], beak)
    layer.limb(-0.34, 0.06, 0.34, 0.02, 0.11, 0.15, body)
    layer.ellipse(0.54, -0.06, 0.15, 0.14, body)
    layer.polygon([(0.26, 0.0), (-0.18, 0.08), (0.16, tip + 0.12), (0.40, tip - 0.06)], body * 0.85)
    layer.ellipse(0.58, -0.09, 0.04, 0.04, BLACK)


def water_bird(layer, d, pose):
    """A bird on the water."""
    body, beak = d.colour(PLUMAGE), d.colour([(0.90, 0.60, 0.15), (0.80, 0.35, 0.15)])
    head = d.colour(PLUMAGE)
    tall = -0.46 + 0.16 * pose
    layer.polygon([(-0.86, -0.02), (-0.50, 0.10), (-0.56, 0.42)], body * 0.8)
    layer.ellipse(-0.12, 0.30, 0.58, 0.28, body)
    layer.limb(0.34, 0.22, 0.46, tall, 0.15, 0.11, head)
    layer.polygon([(0.52, tall - 0.14), (0.88, tall + 0.02), (0.52, tall + 0.10)], beak)
    layer.ellipse(0.46, tall - 0.04, 0.17, 0.16, head)
    layer.ellipse(-0.20, 0.22, 0.36, 0.16, body * 0.7)
    layer.ellipse(0.52, tall - 0.07, 0.04, 0.04, BLACK)


# --- cat


def cat_head(layer, x, y, size, fur, iris):
    """Upright pointed ears, slit eyes, whiskers."""
    inner = 0.5 * fur + 0.5 * PINK
    for side in (-1.0, 1.0):
        ear = [
            (x + side * size * 0.98, y - 1.35 * size),
            (x + side * size * 0.95, y - 0.2 * size),
            (x + side * size * 0.15, y - 0.75 * size),
        ]
        small = [
            (x + side * size * 0.85, y - 1.10 * size),
            (x + side * size * 0.80, y - 0.45 * size),
            (x + side * size * 0.38, y - 0.75 * size),
        ]
        layer.polygon(ear if side > 0 else ear[::-1], fur)
        layer.polygon(small if side > 0 else small[::-1], inner)
    layer.ellipse(x, y, size, 0.85 * size, fur)
    layer.ellipse(x, y + 0.45 * size, 0.42 * size, 0.28 * size, fur + 0.5 * (1.0 - fur))
    for side in (-1.0, 1.0):
        layer.ellipse(x + side * 0.42 * size, y - 0.10 * size, 0.20 * size, 0.17 * size, iris)
        layer.ellipse(x + side * 0.42 * size, y - 0.10 * size, 0.07 * size, 0.17 * size, BLACK)
        layer.limb(
            x + side * 0.3 * size, y + 0.42 * size, x + side * 1.15 * size, y + 0.34 * size, 0.02, 0.015, WHITE, 0.7
        )
    layer.ellipse(x, y + 0.28 * size, 0.11 * size, 0.08 * size, PINK)


def stripes(layer, at, fur, d):
    """Dark bars, on every other animal."""
    shown = 0.75 * d.chance(0.5)
    for x0, y0, x1, y1, r in at:
        layer.limb(x0, y0, x1, y1, r, r * 0.5, fur * 0.55, shown)


IRIS = [(0.75, 0.75, 0.20), (0.45, 0.70, 0.30), (0.40, 0.65, 0.80), (0.85, 0.60, 0.20)]


def cat_face(layer, d, pose):
    """The face of a cat."""
    fur, iris = d.colour(FUR), d.colour(IRIS)
    size, lean = d(0.52, 0.60), 0.10 * pose
    layer.limb(-0.10, 0.70, 0.20, 0.80, 0.50, 0.50, fur * 0.85)
    cat_head(layer, lean, 0.06, size, fur, iris)
    stripes(layer, [(lean + x, -0.36, lean + x, -0.16, 0.04) for x in (-0.16, 0.0, 0.16)], fur, d)


def sitting_cat(layer, d, pose):
    """A cat that sits and looks at us."""
    fur, iris = d.colour(FUR), d.colour(IRIS)
    curl = 0.20 * pose
    layer.limb(-0.30, 0.72, -0.76, 0.52 - curl, 0.08, 0.08, fur * 0.8)
    layer.limb(-0.76, 0.52 - curl, -0.74, 0.14 - curl, 0.08, 0.05, fur * 0.8)
    layer.limb(-0.08, 0.48, 0.04, 0.02, 0.38, 0.24, fur)
    for x in (0.02, 0.22):
        layer.limb(x, 0.30, x + 0.02, 0.80, 0.10, 0.09, fur * 0.9)
    stripes(layer, [(-0.40, 0.30 + 0.18 * i, -0.12, 0.24 + 0.18 * i, 0.05) for i in range(3)], fur, d)
    cat_head(layer, 0.10, -0.34, d(0.32, 0.37), fur, iris)


def walking_cat(layer, d, pose):
    """A cat that walks to the right."""
    fur, iris = d.colour(FUR), d.colour(IRIS)
    swing = 0.20 * pose
    layer.limb(-0.58, 0.06, -0.84, -0.30 - swing, 0.07, 0.06, fur * 0.9)
    layer.limb(-0.84, -0.30 - swing, -0.70, -0.62 - swing, 0.06, 0.04, fur * 0.9)
    for x, s in ((-0.38, -1.0), (0.20, 1.0)):
        layer.limb(x, 0.24, x + s * swing, 0.72, 0.10, 0.06, fur * 0.7)
    layer.limb(-0.44, 0.14, 0.24, 0.12, 0.23, 0.21, fur)
    for x, s in ((-0.50, 1.0), (0.32, -1.0)):
        layer.limb(x, 0.24, x + s * swing, 0.74, 0.10, 0.06, fur * 0.9)
    stripes(layer, [(-0.40 + 0.2 * i, -0.06, -0.38 + 0.2 * i, 0.20, 0.04) for i in range(3)], fur, d)
    cat_head(layer, 0.50, -0.16, d(0.28, 0.33), fur, iris)


# --- deer


def antlers(layer, x, y, shown, lean):
    """Branched antlers over a head whose crown is at (x, y), seen from the side."""
    horn = rgb((0.62, 0.52, 0.38))
    for side in (-0.12, 0.10):
        layer.limb(x, y, x + side - 0.06 + lean, y - 0.42, 0.035, 0.028, horn, shown)
        layer.limb(x + 0.5 * side, y - 0.18, x + side + 0.16 + lean, y - 0.34, 0.028, 0.02, horn, shown)


def stag(layer, d, pose, horned=1.0):
    """A stag from the side; `horned` at 0 leaves its antlers away."""
    hide = d.colour(HIDE)
    swing, tall = 0.20 * pose, -0.26 - 0.08 * pose
    thin = d(0.035, 0.05)
    for x, s in ((-0.30, -1.0), (0.18, 1.0)):
        layer.limb(x, 0.20, x + s * swing, 0.84, thin * 1.3, thin, hide * 0.6)
    layer.limb(-0.34, 0.10, 0.22, 0.08, 0.20, 0.17, hide)
    for x, s in ((-0.42, 1.0), (0.28, -1.0)):
        layer.limb(x, 0.20, x + s * swing, 0.84, thin * 1.6, thin, hide * 0.85)
    layer.ellipse(-0.52, 0.08, 0.09, 0.12, WHITE)
    layer.limb(0.26, 0.02, 0.46, tall, 0.14, 0.08, hide)
    layer.limb(0.46, tall - 0.04, 0.70, tall + 0.06, 0.10, 0.06, hide)
    layer.limb(0.42, tall - 0.10, 0.26, tall - 0.16, 0.06, 0.03, hide * 0.75)
    layer.ellipse(0.74, tall + 0.06, 0.04, 0.04, BLACK)
    antlers(layer, 0.44, tall - 0.10, horned, 0.06 * pose)


def doe(layer, d, pose):
    """A doe from the side: no antlers."""
    stag(layer, d, pose, horned=0.0)
    spotted = 0.8 * d.chance(0.6)
    for x, y in ((-0.36, 0.02), (-0.20, 0.0), (-0.04, 0.02), (0.10, 0.0), (-0.28, 0.13), (-0.10, 0.14)):
        layer.ellipse(x, y, 0.035, 0.035, WHITE, spotted)


def stag_face(layer, d, pose):
    """The face of a stag, with its antlers."""
    hide, horn = d.colour(HIDE), rgb((0.66, 0.56, 0.42))
    lean = 0.10 * pose
    layer.limb(-0.04, 0.90, 0.0, 0.30, 0.34, 0.22, hide * 0.85)
    for side in (-1.0, 1.0):
        layer.limb(side * 0.10, -0.14, side * 0.44 + lean, -0.56, 0.045, 0.04, horn)
        layer.limb(side * 0.44 + lean, -0.56, side * 0.36 + lean, -0.90, 0.04, 0.03, horn)
        layer.limb(side * 0.40 + lean, -0.50, side * 0.70 + lean, -0.74, 0.04, 0.025, horn)
        layer.limb(side * 0.20, -0.06, side * 0.52, -0.16, 0.10, 0.05, hide * 0.75)
    layer.limb(0.0, 0.04, lean * 0.5, 0.42, 0.22, 0.13, hide)
    layer.ellipse(lean * 0.5, 0.50, 0.08, 0.06, BLACK)
    for side in (-1.0, 1.0):
        layer.ellipse(side * 0.16, 0.06, 0.045, 0.05, BLACK)


# --- dog


def dog_face(layer, d, pose):
    """The face of a dog, its tongue out."""
    fur, ear = d.colour(FUR), d.colour(FUR)
    drop, lean = 0.34 + 0.16 * pose, 0.08 * pose
    layer.limb(-0.06, 0.72, 0.16, 0.84, 0.48, 0.48, fur * 0.85)
    layer.limb(0.0, -0.22, lean, 0.18, 0.46, 0.38, fur)
    for side in (-1.0, 1.0):
        layer.limb(side * 0.44, -0.36, side * 0.60, drop, 0.13, 0.18, ear * 0.8)
        layer.ellipse(side * 0.20, -0.18, 0.08, 0.08, BLACK)
    layer.ellipse(lean, 0.26, 0.27, 0.24, fur + 0.45 * (1.0 - fur))
    layer.ellipse(lean, 0.56, 0.10, 0.14 * (1.0 + 0.4 * pose), PINK)
    layer.ellipse(lean, 0.14, 0.13, 0.10, BLACK)


def standing_dog(layer, d, pose):
    """A dog that stands, from the side."""
    fur, ear = d.colour(FUR), d.colour(FUR)
    swing = 0.20 * pose
    layer.limb(-0.54, -0.02, -0.82, -0.38 - swing, 0.07, 0.04, fur)
    for x, s in ((-0.34, -1.0), (0.18, 1.0)):
        layer.limb(x, 0.24, x + s * swing, 0.76, 0.10, 0.07, fur * 0.7)
    layer.limb(-0.40, 0.10, 0.22, 0.06, 0.21, 0.24, fur)
    for x, s in ((-0.46, 1.0), (0.30, -1.0)):
        layer.limb(x, 0.24, x + s * swing, 0.78, 0.11, 0.08, fur * 0.9)
    layer.limb(0.28, 0.0, 0.44, -0.26, 0.18, 0.16, fur)
    layer.limb(0.50, -0.34, 0.84, -0.22, 0.20, 0.10, fur)
    layer.limb(0.42, -0.46, 0.34, -0.12, 0.08, 0.12, ear * 0.7)
    layer.ellipse(0.90, -0.26, 0.06, 0.06, BLACK)
    layer.ellipse(0.60, -0.40, 0.045, 0.045, BLACK)


def sitting_dog(layer, d, pose):
    """A dog that sits, from the side."""
    fur, ear = d.colour(FUR), d.colour(FUR)
    nod = 0.08 * pose
    layer.limb(-0.30, 0.70, -0.78, 0.60 - 0.2 * pose, 0.07, 0.04, fur * 0.8)
    layer.limb(-0.22, 0.52, 0.08, -0.02, 0.34, 0.22, fur)
    layer.limb(-0.24, 0.66, 0.02, 0.78, 0.18, 0.10, fur * 0.85)
    layer.limb(0.16, 0.10, 0.24, 0.80, 0.12, 0.09, fur * 0.95)
    layer.ellipse(0.12, -0.38 + nod, 0.27, 0.26, fur)
    layer.limb(0.26, -0.34 + nod, 0.54, -0.26 + nod, 0.16, 0.11, fur + 0.25 * (1.0 - fur))
    layer.limb(-0.04, -0.52 + nod, -0.14, -0.10 + nod, 0.09, 0.13, ear * 0.7)
    layer.ellipse(0.62, -0.32 + nod, 0.07, 0.06, BLACK)
    layer.ellipse(0.24, -0.46 + nod, 0.05, 0.05, BLACK)


# --- frog


def frog_from_ahead(layer, d, pose):
    """A frog that sits and looks at us."""
    skin = d.colour(SKIN)
    belly, knee = skin + 0.55 * (1.0 - skin), 0.08 * pose
    for side in (-1.0, 1.0):
        layer.limb(side * 0.46, 0.56, side * (0.74 + knee), 0.18, 0.15, 0.11, skin * 0.8)
        layer.limb(side * (0.74 + knee), 0.18, side * 0.68, 0.64, 0.11, 0.09, skin * 0.7)
        layer.limb(side * 0.60, 0.68, side * 0.88, 0.70, 0.07, 0.06, skin * 0.7)
    layer.ellipse(0.0, 0.36, 0.50, 0.36, skin)
    layer.ellipse(0.0, 0.46, 0.34, 0.24, belly)
    layer.ellipse(0.0, -0.04, 0.48, 0.30, skin)
    layer.limb(-0.32, 0.06, 0.32, 0.06, 0.03, 0.03, skin * 0.4)
    for side in (-1.0, 1.0):
        layer.ellipse(side * 0.32, -0.30, 0.18, 0.18, skin)
        layer.ellipse(side * 0.32, -0.32, 0.12, 0.12, YELLOW)
        layer.ellipse(side * 0.32, -0.32, 0.06, 0.09, BLACK)
        layer.limb(side * 0.24, 0.46, side * 0.28, 0.74, 0.08, 0.09, skin * 0.85)


def frog_from_side(layer, d, pose):
    """A frog from the side."""
    skin, spot = d.colour(SKIN), d.chance(0.5) * 0.8
    rise = -0.26 - 0.10 * pose
    layer.limb(-0.52, 0.44, -0.66, 0.70, 0.14, 0.08, skin * 0.7)
    layer.limb(-0.66, 0.70, -0.20, 0.74, 0.08, 0.06, skin * 0.7)
    layer.limb(0.30, 0.30, 0.40, 0.72, 0.11, 0.07, skin * 0.8)
    layer.limb(-0.44, 0.42, 0.34, rise + 0.24, 0.26, 0.28, skin)
    layer.limb(0.34, rise + 0.20, 0.64, rise + 0.26, 0.24, 0.16, skin)
    layer.limb(-0.56, 0.54, -0.16, 0.36, 0.20, 0.16, skin * 0.82)
    layer.limb(0.44, rise + 0.34, 0.78, rise + 0.28, 0.025, 0.025, skin * 0.4)
    for x, y in ((-0.30, 0.14), (-0.06, 0.02), (0.10, 0.16)):
        layer.ellipse(x, y, 0.07, 0.06, skin * 0.5, spot)
    layer.ellipse(0.42, rise - 0.04, 0.15, 0.15, skin)
    layer.ellipse(0.44, rise - 0.05, 0.10, 0.10, YELLOW)
    layer.ellipse(0.46, rise - 0.05, 0.06, 0.07, BLACK)


def frog_from_above(layer, d, pose):
    """A frog from above, its legs spread."""
    skin, spot = d.colour(SKIN), d.chance(0.5) * 0.8
    kick = 0.14 * pose
    for side in (-1.0, 1.0):
        layer.limb(side * 0.26, 0.40, side * 0.70, 0.20 + kick, 0.13, 0.10, skin * 0.8)
        layer.limb(side * 0.70, 0.20 + kick, side * 0.56, 0.72 + kick, 0.10, 0.07, skin * 0.75)
        layer.limb(side * 0.56, 0.72 + kick, side * 0.80, 0.84 + kick, 0.07, 0.06, skin * 0.7)
        layer.limb(side * 0.28, -0.16, side * 0.62, -0.26 - kick, 0.09, 0.06, skin * 0.8)
        layer.limb(side * 0.62, -0.26 - kick, side * 0.66, -0.50 - kick, 0.06, 0.06, skin * 0.7)
    layer.ellipse(0.0, 0.16, 0.36, 0.44, skin)
    layer.ellipse(0.0, -0.34, 0.32, 0.28, skin)
    layer.limb(0.0, -0.24, 0.0, 0.46, 0.04, 0.03, skin + 0.5 * (1.0 - skin))
    for x, y in ((-0.18, 0.02), (0.20, 0.10), (-0.14, 0.30), (0.12, 0.34)):
        layer.ellipse(x, y, 0.08, 0.07, skin * 0.5, spot)
    for side in (-1.0, 1.0):
        layer.ellipse(side * 0.24, -0.46, 0.12, 0.12, YELLOW)
        layer.ellipse(side * 0.25, -0.48, 0.065, 0.07, BLACK)


# --- horse


def horse(layer, d, pose, grazing=0.0):
    """A horse from the side; `grazing` at 1 puts its head down."""
    coat = d.colour(COAT)
    mane = d.colour([(0.10, 0.08, 0.08), (0.20, 0.12, 0.08), (0.80, 0.74, 0.62)])
    swing, drop = 0.22 * pose, grazing * 0.62
    hx, hy = 0.56 + 0.06 * grazing, -0.46 + drop - 0.06 * pose * (1.0 - grazing)
    layer.limb(-0.56, -0.08, -0.76 - 0.06 * pose, 0.44, 0.07, 0.09, mane)
    for x, s in ((-0.36, -1.0), (0.22, 1.0)):
        layer.limb(x, 0.12, x + s * swing, 0.82, 0.11, 0.06, coat * 0.6)
    layer.limb(-0.36, -0.02, 0.24, -0.02, 0.25, 0.23, coat)
    for x, s in ((-0.46, 1.0), (0.32, -1.0)):
        layer.limb(x, 0.12, x + s * swing, 0.82, 0.13, 0.06, coat * 0.9)
        layer.limb(x + s * swing, 0.80, x + s * swing, 0.86, 0.07, 0.07, DARK)
    layer.limb(0.28, -0.10, hx, hy, 0.20, 0.13, coat)
    layer.limb(0.18, -0.26, hx - 0.12, hy - 0.10, 0.08, 0.08, mane)
    layer.limb(hx, hy, hx + 0.26, hy + 0.24, 0.14, 0.08, coat)
    layer.polygon([(hx - 0.08, hy - 0.08), (hx - 0.02, hy - 0.30), (hx + 0.08, hy - 0.08)], coat)
    layer.limb(hx + 0.08, hy + 0.02, hx + 0.22, hy + 0.18, 0.035, 0.035, WHITE, d.chance(0.4))
    layer.ellipse(hx + 0.04, hy - 0.02, 0.035, 0.035, BLACK)


def grazing_horse(layer, d, pose):
    """A horse with its head in the grass."""
    horse(layer, d, pose, grazing=1.0)


def horse_head(layer, d, pose):
    """The head and neck of a horse, from the side."""
    coat = d.colour(COAT)
    mane = d.colour([(0.10, 0.08, 0.08), (0.20, 0.12, 0.08), (0.80, 0.74, 0.62)])
    nod = 0.12 * pose
    layer.limb(-0.50, 0.86, 0.02, -0.34, 0.46, 0.24, coat)
    layer.limb(-0.66, 0.50, -0.14, -0.52, 0.16, 0.12, mane)
    layer.polygon([(-0.08, -0.48), (0.02, -0.86), (0.16, -0.46)], coat * 0.9)
    layer.limb(0.10, -0.34, 0.58, 0.26 + nod, 0.26, 0.15, coat)
    layer.limb(0.26, -0.40, 0.62, 0.10 + nod, 0.05, 0.05, WHITE, d.chance(0.4))
    layer.limb(0.02, -0.52, 0.18, -0.34, 0.07, 0.04, mane)
    layer.ellipse(0.20, -0.28, 0.06, 0.06, BLACK)
    layer.ellipse(0.66, 0.24 + nod, 0.045, 0.045, BLACK)
