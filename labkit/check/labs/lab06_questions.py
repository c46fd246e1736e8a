"""Labs 6 and 7: the questions on the way. They bring no points."""

from labkit.check.question import question

conv_parameters = question(
    "conv_parameters",
    0,
    2432,
    {
        832: "a filter of colour images has a kernel for each of the three colours",
        2400: "each filter has a bias too",
        2496: "a filter has one bias, not one for each colour",
        800: "a filter has a kernel for each of the three colours, and a bias",
        76: "that is for a single filter",
        2490368: "the same weights are used at every place: how many places there are does not matter",
    },
    otherwise="each filter has 5 · 5 weights for each of three colours, and one bias; there are 32 filters",
)

most_windows = question(
    "most_windows",
    0,
    4,
    {
        9: "that is for stride 1: here the windows are two pixels apart",
        2: "that is in one direction: rows and columns both count",
        1: "the windows are three pixels wide and two apart, so they overlap",
        6: "in each direction a pixel is in two windows at most",
    },
    otherwise="in how many windows can a pixel be along one direction? Rows and columns then multiply",
)

bias_before_norm = question(
    "bias_before_norm",
    0,
    "a",
    {
        "b": "the mean over the batch grows by the bias too, and is subtracted",
        "c": "a number that is added moves the mean and leaves the deviation as it is",
    },
)

penalty_rise = question(
    "penalty_rise",
    0,
    0.042,
    {
        0.084: "there is a factor ½ before the sum of the squares",
        42.16: "the mean of the squares is the square of the deviation, 0.001²",
        84.32: "this is the number of weights times 0.001: their squares are meant, and half of the sum",
        0.0: "each of the many weights adds a little: their number times the mean of their squares, and half of that",
    },
    otherwise="½ · 84,320 weights · the mean of their squares, which is 0.001²",
    within=0.003,
)

mean_of_classes = question(
    "mean_of_classes",
    0,
    "b",
    {"a": "both are computed from the same guesses, and exactly", "c": "both are about the same validation images"},
)

mirror_harms = question(
    "mirror_harms",
    0,
    "b",
    {
        "a": "a bird in the mirror is a bird",
        "c": "fields from above have no left and right: mirrored they are as likely as they were",
    },
)
