"""Lab 1: the questions on the way, two of them for a point."""

from labkit.check.question import question

cube_gigabytes = question(
    "cube_gigabytes",
    0,
    61.44,
    {
        15.36: "that is how many billions of numbers: each takes 4 bytes",
        122.88: "each number takes 4 bytes, not 8: they are float32",
        61440: "that is in megabytes",
        0.02: "that is the result, one number for each pair: there are 3,072 differences for each",
        491.52: "4 bytes for each number, not 32: 32 are its bits",
    },
    otherwise="how many pairs, times how many differences for each, times 4 bytes?",
    within=1.5,
)

bright_row = question(
    "bright_row",
    1,
    "b",
    {
        "a": "near is a small distance, and small is dark here",
        "c": "the training images of one class are scattered over the columns: they brighten single places of a row",
        "d": "the class of the nearest image is not in the picture: the row says how far all of them are",
    },
)

standard_error = question(
    "standard_error",
    1,
    1.42,
    {
        0.0142: "in percentage points, so times 100",
        44.9: "that is the deviation of a single image's 0 or 1: divide by the root of their number",
        2.02: "that is without the root",
        2.84: "that is two standard errors",
    },
    otherwise="the root of p (1 - p) / N with p = 0.28 and N = 1,000, times 100",
    within=0.07,
)

on_training = question(
    "on_training",
    0,
    100,
    {
        1: "in per cent",
        28: "that is about its accuracy on images it has not seen: among the training images each finds itself",
        27.7: "that is on images it has not seen: among the training images each finds itself",
        10: "that is guessing: among the training images each finds itself",
        0: "each training image is at distance 0 from itself: whose class is then taken?",
    },
    otherwise="which training image is nearest to a training image?",
)

widest_direction = question(
    "widest_direction",
    0,
    45,
    {
        0: "along 0° only the first pixel counts",
        90: "along 90° only the second pixel counts",
        135: "that is where the variance is smallest",
    },
    otherwise="try all angles: where is the curve on the right highest?",
    within=7,
)
