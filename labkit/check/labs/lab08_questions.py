"""Labs 8 and 9: the questions on the way. They bring no points."""

from labkit.check.question import question

forgotten_sum = question(
    "forgotten_sum",
    0,
    3,
    {
        6: "that is right for x · x: asked is what a pass finds that overwrites instead of adding",
        9: "that is the value of x · x, not a derivative",
        2: "each use of x has the slope x, the other factor",
        1: "each use of x has the slope x, the other factor, times the derivative 1 of the output",
        0: "what is handed back last stays",
    },
    otherwise="both uses hand back their slope, the other factor; the second overwrites the first",
)

passes_needed = question(
    "passes_needed",
    0,
    3,
    {
        5000: "that is reverse mode, a pass for each output: the other mode needs fewer",
        15000: "a pass gives a whole row or a whole column of the Jacobian",
        5003: "one mode is enough",
        1: "one pass gives one column of the Jacobian, or one row",
    },
    otherwise="forward mode takes a pass for each input, reverse mode one for each output",
)

hessian_gigabytes = question(
    "hessian_gigabytes",
    0,
    7.55,
    {
        0.94: "these are billions of entries: each takes 8 bytes",
        3.78: "that is in float32: a float64 takes 8 bytes",
        0.000246: "the Hessian has a row and a column for each weight",
    },
    otherwise="30,730 rows and as many columns, 8 bytes each",
    within=0.6,
)

million_steps = question(
    "million_steps",
    0,
    0.2,
    {
        0.0: "the slope is 1 or -1 however near the kink is, so every step has the length 0.4: follow the first five",
        0.4: "that is the length of a step: where does it lead from 0.2?",
        1.0: "that is the start: take the first three steps by hand",
        0.6: "that is after one step: go on",
    },
    otherwise="take the first five steps by hand: the slope is 1 to the right of 0 and -1 to the left",
    within=0.001,
)

half_the_bound = question(
    "half_the_bound",
    0,
    4,
    {
        2: "the bound falls with the root of T",
        1.41: "the bound falls with the root of T, and not with its square",
        16: "the bound falls with the square root of T, not with the fourth",
        8: "the bound falls with the square root of T, not with the cube root",
    },
    otherwise="the bound is Bρ / √T",
    within=0.01,
)

tenth_of_a_step = question(
    "tenth_of_a_step",
    0,
    3.16,
    {
        10: "that is the variance: the deviation is its root",
        100: "the variance falls with η, not with its square",
        1: "the spread depends on the step size: η / (2 - η)",
    },
    otherwise="for small η the variance is about η/2 times that of a, and the deviation is its root",
    within=0.15,
)
