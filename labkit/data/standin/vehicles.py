"""Airplanes, automobiles, ships and trucks, as `shapes` tells."""

from labkit.data.standin.brush import rgb
from labkit.data.standin.colours import BLACK, DARK, GLASS, HULL, LOADS, METAL, PAINT, RED, SAILS, YELLOW

# --- airplane


def airliner(layer, d, pose):
    """An airliner from the side."""
    body, mark = d.colour(METAL), d.colour(PAINT)
    wing, fat = body * 0.72, d(0.11, 0.15)
    lift = 0.10 * pose
    layer.polygon([(0.10, 0.0), (0.22, 0.02), (-0.12, -0.34 + lift), (-0.26, -0.34 + lift)][::-1], wing)
    layer.polygon([(-0.86, -0.46), (-0.66, -0.46), (-0.40, -0.06), (-0.74, -0.04)], mark)
    layer.limb(-0.74, -0.03, 0.66, 0.03, fat * 0.6, fat, body)
    layer.limb(-0.40, -0.03, 0.55, 0.00, 0.03, 0.03, GLASS)
    layer.polygon([(-0.82, -0.02), (-0.56, -0.02), (-0.80, 0.14 + lift), (-0.92, 0.14 + lift)], wing)
    layer.polygon([(-0.14, 0.04), (0.26, 0.04), (-0.22, 0.50 + lift), (-0.40, 0.50 + lift)], wing)
    layer.limb(-0.04, 0.24, 0.12, 0.24, 0.07, 0.07, DARK)


def airliner_from_below(layer, d, pose):
    """An airliner overhead, wings and tail spread."""
    body, mark = d.colour(METAL), d.colour(PAINT)
    sweep, fat = 0.24 + 0.12 * pose, d(0.09, 0.13)
    wing = body * 0.8
    layer.polygon([(0.22, -0.05), (0.22 - sweep, -0.86), (0.06 - sweep, -0.86), (-0.14, -0.05)][::-1], wing)
    layer.polygon([(0.22, 0.05), (-0.14, 0.05), (0.06 - sweep, 0.86), (0.22 - sweep, 0.86)][::-1], wing)
    layer.polygon([(-0.52, -0.02), (-0.72, -0.34), (-0.84, -0.34), (-0.74, -0.02)][::-1], mark)
    layer.polygon([(-0.52, 0.02), (-0.74, 0.02), (-0.84, 0.34), (-0.72, 0.34)][::-1], mark)
    layer.limb(-0.80, 0.0, 0.72, 0.0, fat * 0.6, fat, body)
    for side in (-0.38, 0.38):
        layer.limb(0.06, side, 0.20, side, 0.06, 0.06, DARK)


def jet(layer, d, pose):
    """A jet from the side."""
    body, mark = d.colour(METAL[2:]), d.colour(PAINT)
    tip = 0.62 + 0.12 * pose
    layer.polygon([(0.10, -0.02), (-0.55, tip), (-0.78, tip), (-0.62, -0.02)], body * 0.75)
    layer.polygon([(-0.80, -0.58), (-0.62, -0.58), (-0.22, -0.08), (-0.74, -0.04)], mark)
    layer.polygon([(-0.80, -0.14), (0.30, -0.16), (0.92, 0.05), (0.30, 0.16), (-0.80, 0.14)], body)
    layer.ellipse(0.28, -0.15, 0.20, 0.10, GLASS)


def propeller_plane(layer, d, pose):
    """A small plane with a propeller, from the side."""
    body, mark = d.colour(PAINT), d.colour(METAL)
    tilt = 0.12 * pose
    layer.polygon([(-0.90, -0.36), (-0.72, -0.36), (-0.52, -0.02), (-0.82, 0.0)], mark)
    layer.limb(-0.78, 0.02, 0.56, 0.06, 0.06, 0.20, body)
    layer.polygon([(0.02, -0.30), (0.32, -0.30), (0.44, -0.06), (-0.10, -0.06)], GLASS)
    layer.limb(-0.40, -0.34 - tilt, 0.62, -0.34 + tilt, 0.06, 0.06, mark)
    layer.limb(-0.80, 0.02, -0.58, 0.02, 0.05, 0.05, mark * 0.8)
    layer.limb(0.78, -0.34, 0.78, 0.46, 0.03, 0.03, DARK)
    layer.limb(0.24, 0.20, 0.30, 0.48, 0.03, 0.03, DARK)
    layer.ellipse(0.30, 0.52, 0.11, 0.11, BLACK)


# --- automobile


def wheels(layer, at, y, radius):
    """Wheels at these places, from the side, on one height."""
    for x in at:
        layer.ellipse(x, y, radius, radius, BLACK)
        layer.ellipse(x, y, radius * 0.5, radius * 0.5, rgb((0.62, 0.62, 0.64)))


def saloon(layer, d, pose):
    """A saloon car from the side."""
    body = d.colour(PAINT)
    roof, nose = -0.40 - 0.08 * pose - d(0.0, 0.08), d(-0.02, 0.06)
    layer.polygon([(-0.42, roof), (0.22, roof), (0.50, 0.0), (-0.66, 0.0)], body * 0.9)
    layer.polygon([(-0.38, roof + 0.08), (-0.12, roof + 0.08), (-0.12, -0.02), (-0.54, -0.02)], GLASS)
    layer.polygon([(-0.05, roof + 0.08), (0.18, roof + 0.08), (0.38, -0.02), (-0.05, -0.02)], GLASS)
    layer.polygon([(-0.86, -0.04), (0.50, -0.06), (0.88, nose), (0.90, 0.32), (-0.88, 0.32)], body)
    layer.box(-0.90, 0.22, 0.92, 0.32, DARK)
    layer.ellipse(0.82, 0.10, 0.08, 0.06, YELLOW)
    wheels(layer, (-0.54, 0.54), 0.34, d(0.18, 0.22))


def car_from_ahead(layer, d, pose):
    """A car from ahead."""
    body = d.colour(PAINT)
    roof = -0.50 - 0.10 * pose
    layer.box(-0.60, 0.30, -0.36, 0.62, BLACK)
    layer.box(0.36, 0.30, 0.60, 0.62, BLACK)
    layer.polygon([(-0.40, roof), (0.40, roof), (0.58, -0.04), (-0.58, -0.04)], body * 0.9)
    layer.polygon([(-0.34, roof + 0.08), (0.34, roof + 0.08), (0.48, -0.06), (-0.48, -0.06)], GLASS)
    layer.polygon([(-0.58, -0.06), (0.58, -0.06), (0.68, 0.14), (0.66, 0.46), (-0.66, 0.46), (-0.68, 0.14)], body)
    layer.box(-0.28, 0.12, 0.28, 0.26, DARK)
    layer.box(-0.62, 0.36, 0.62, 0.46, body * 0.6)
    for side in (-0.48, 0.48):
        layer.ellipse(side, 0.16, 0.13, 0.09, YELLOW)


def sports_car(layer, d, pose):
    """A low, fast car from the side."""
    body = d.colour(PAINT)
    roof = -0.24 - 0.06 * pose
    layer.polygon([(-0.30, roof), (0.06, roof), (0.44, 0.06), (-0.62, 0.06)], GLASS)
    layer.polygon([(-0.88, 0.0), (-0.40, -0.02), (0.30, 0.04), (0.92, 0.18), (0.92, 0.34), (-0.90, 0.34)], body)
    layer.limb(-0.80, 0.12, 0.70, 0.20, 0.025, 0.025, body * 0.6)
    layer.polygon([(-0.92, -0.20), (-0.68, -0.20), (-0.72, -0.10), (-0.90, 0.02)], body * 0.8)
    wheels(layer, (-0.56, 0.54), 0.34, d(0.18, 0.22))


# --- ship


def freighter(layer, d, pose):
    """A ship with containers."""
    hull, house = d.colour(HULL), d.colour([(0.92, 0.92, 0.92), (0.80, 0.76, 0.66)])
    top = 0.10 + 0.06 * pose
    for x in (-0.30, -0.02, 0.26):
        layer.box(x, top - d(0.16, 0.34), x + 0.25, top + 0.04, d.colour(PAINT))
    layer.box(-0.72, -0.42, -0.40, top + 0.04, house)
    layer.box(-0.70, -0.36, -0.42, -0.28, GLASS)
    layer.box(-0.64, -0.66, -0.50, -0.42, d.colour(PAINT))
    layer.polygon([(-0.88, top), (0.92, top - 0.06), (0.74, 0.46), (-0.80, 0.46)], hull)
    layer.polygon([(-0.82, 0.36), (0.78, 0.36), (0.74, 0.46), (-0.80, 0.46)], RED * 0.8)
    layer.limb(0.60, top - 0.02, 0.60, top - 0.40, 0.025, 0.02, DARK)


def sailing_boat(layer, d, pose):
    """A boat under sail."""
    hull, sail = d.colour(HULL), d.colour(SAILS)
    belly = 0.07 + 0.07 * pose
    layer.limb(-0.04, 0.34, -0.04, -0.86, 0.03, 0.02, DARK)
    layer.polygon([(0.02, -0.80), (0.34 + belly, -0.20), (0.56, 0.22), (0.02, 0.22)], sail)
    layer.polygon([(-0.10, -0.70), (-0.10, 0.22), (-0.64, 0.22), (-0.46 - belly, -0.20)], sail * 0.85)
    layer.polygon([(-0.72, 0.28), (0.78, 0.28), (0.54, 0.56), (-0.56, 0.56)], hull)


def liner(layer, d, pose):
    """A passenger ship."""
    hull, house = d.colour(HULL), d.colour([(0.95, 0.95, 0.95), (0.88, 0.86, 0.80)])
    funnel = d.colour(PAINT)
    lean = 0.06 * pose
    for x in (-0.28, 0.04):
        top = x - 0.02 - lean
        layer.polygon([(top, -0.58), (top + 0.16, -0.58), (x + 0.16, -0.20), (x, -0.20)], funnel)
    layer.polygon([(-0.62, -0.24), (0.40, -0.24), (0.52, -0.02), (-0.66, -0.02)], house)
    layer.polygon([(-0.74, -0.04), (0.56, -0.04), (0.66, 0.18), (-0.78, 0.18)], house * 0.95)
    layer.limb(-0.54, -0.12, 0.38, -0.12, 0.03, 0.03, GLASS)
    layer.limb(-0.66, 0.08, 0.50, 0.08, 0.03, 0.03, GLASS)
    layer.polygon([(-0.88, 0.14), (0.92, 0.08), (0.72, 0.50), (-0.82, 0.50)], hull)


# --- truck


def box_truck(layer, d, pose):
    """A lorry with a closed box."""
    cab, load = d.colour(PAINT), d.colour(LOADS)
    top = -0.58 - 0.08 * pose
    layer.box(-0.90, 0.26, 0.86, 0.38, DARK)
    layer.box(-0.90, top, 0.34, 0.30, load)
    layer.box(-0.90, -0.10, 0.34, 0.0, load * 0.65)
    layer.polygon([(0.40, -0.30), (0.70, -0.30), (0.90, 0.02), (0.90, 0.34), (0.40, 0.34)], cab)
    layer.polygon([(0.50, -0.22), (0.68, -0.22), (0.82, 0.02), (0.50, 0.02)], GLASS)
    wheels(layer, (-0.64, -0.26, 0.62), 0.42, d(0.15, 0.19))


def truck_from_ahead(layer, d, pose):
    """A lorry from ahead."""
    cab = d.colour(PAINT)
    top = -0.72 - 0.08 * pose
    layer.box(-0.56, 0.46, -0.32, 0.82, BLACK)
    layer.box(0.32, 0.46, 0.56, 0.82, BLACK)
    layer.box(-0.60, top, 0.60, 0.60, d.colour([(0.90, 0.90, 0.90), (0.60, 0.60, 0.62), (0.35, 0.36, 0.40)]))
    layer.box(-0.54, -0.50, 0.54, 0.64, cab)
    layer.box(-0.44, -0.42, 0.44, -0.06, GLASS)
    layer.box(-0.30, 0.08, 0.30, 0.38, DARK)
    layer.box(-0.56, 0.48, 0.56, 0.64, cab * 0.55)
    for side in (-0.42, 0.42):
        layer.ellipse(side, 0.42, 0.09, 0.08, YELLOW)


def tanker_truck(layer, d, pose):
    """A lorry with a tank."""
    cab, tank = d.colour(PAINT), d.colour(METAL[:4])
    layer.box(-0.90, 0.22, 0.86, 0.36, DARK)
    layer.limb(-0.62, -0.08, 0.10, -0.08, 0.27, 0.27, tank)
    layer.limb(-0.60, -0.18, 0.08, -0.18, 0.05, 0.05, tank + 0.6 * (1.0 - tank))
    layer.box(-0.28, -0.34, -0.22, 0.20, tank * 0.6)
    layer.box(0.38, -0.42 - 0.08 * pose, 0.78, 0.34, cab)
    layer.box(0.52, -0.30, 0.76, -0.02, GLASS)
    layer.box(0.76, 0.0, 0.90, 0.34, cab * 0.85)
    wheels(layer, (-0.68, -0.34, 0.60), 0.40, d(0.15, 0.19))


def tipper(layer, d, pose):
    """A lorry whose bed is tipped."""
    cab, bed = d.colour(PAINT), d.colour(PAINT)
    lift = 0.16 + 0.16 * pose
    layer.box(-0.88, 0.22, 0.86, 0.36, DARK)
    layer.ellipse(-0.36, -0.30 - lift * 0.5, 0.40, 0.16, rgb((0.48, 0.38, 0.26)))
    layer.polygon([(-0.92, -0.26), (0.26, -0.26 - lift), (0.16, 0.20 - lift * 0.3), (-0.74, 0.22)], bed)
    layer.polygon([(0.34, -0.44), (0.72, -0.44), (0.90, -0.02), (0.90, 0.36), (0.34, 0.36)], cab)
    layer.polygon([(0.46, -0.36), (0.68, -0.36), (0.76, -0.06), (0.46, -0.06)], GLASS)
    wheels(layer, (-0.64, -0.28, 0.60), 0.42, d(0.17, 0.22))
