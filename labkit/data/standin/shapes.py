"""The ten classes, each drawn in three or four kinds, from ellipses, limbs, boxes and polygons.

Every function draws one kind, (layer, d, pose): the dice `d` decide what differs from one example to the
next, `pose`, from -1 to 1 for each picture, moves limbs, wings and heads. A drawing reaches from about
-0.9 to 0.9 both ways, y points down, what has a front looks to the right. Later shapes cover earlier ones.
"""

from labkit.data.standin import animals, vehicles

BENDING = {"bird", "cat", "deer", "dog", "frog", "horse"}  # the others are stiff
KINDS = {
    "airplane": (vehicles.airliner, vehicles.airliner_from_below, vehicles.jet, vehicles.propeller_plane),
    "automobile": (vehicles.saloon, vehicles.car_from_ahead, vehicles.sports_car),
    "bird": (animals.perched_bird, animals.flying_bird, animals.water_bird),
    "cat": (animals.cat_face, animals.sitting_cat, animals.walking_cat),
    "deer": (animals.stag, animals.doe, animals.stag_face),
    "dog": (animals.dog_face, animals.standing_dog, animals.sitting_dog),
    "frog": (animals.frog_from_ahead, animals.frog_from_side, animals.frog_from_above),
    "horse": (animals.horse, animals.grazing_horse, animals.horse_head),
    "ship": (vehicles.freighter, vehicles.sailing_boat, vehicles.liner),
    "truck": (vehicles.box_truck, vehicles.truck_from_ahead, vehicles.tanker_truck, vehicles.tipper),
}
