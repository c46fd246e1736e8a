"""Lab 2: the questions on the way. They bring no points."""

from labkit.check.question import question

hinge_with_margin_two = question(
    "hinge_with_margin_two",
    0,
    18,
    {
        9: "that is for a margin of 1: each of the nine terms is max(0, 0 - 0 + margin)",
        20: "the right class is left out of the sum",
        2: "each class that is too close costs 2, and there are several",
        0: "the scores are equal, but a margin is asked",
        10: "the right class is left out of the sum, and each of the others costs the margin",
        1.8: "the loss sums over the classes and takes the mean over the images alone",
    },
    otherwise="by how much does each wrong class come too close, and how many are there?",
    within=0.001,
)

mean_with_one_more = question(
    "mean_with_one_more",
    0,
    200 / 101,
    {
        2: "the sum stays as it was, but there is one image more to divide it by",
        0: "the others still cost what they cost",
        2.02: "the new image costs nothing, not as much as the others: it cannot raise the mean",
        3: "the new image costs nothing: it cannot raise the mean",
        200: "that is the sum, which stays as it was: the loss is the mean",
        198 / 101: "the new image costs nothing, it takes nothing off the sum",
    },
    otherwise="what is the sum over the 100 images, what does the new one add to it, and how many are there then?",
    within=0.005,
)

why_two_thirty = question(
    "why_two_thirty",
    0,
    "b",
    {
        "a": "a tenth right would be an accuracy of 10 %: the loss does not look at who has the highest score",
        "c": "the size of the pixels does not matter where all scores are the same",
        "d": "nine classes that come too close make a hinge loss of 9",
    },
)

stays_exactly = question(
    "stays_exactly",
    0,
    "hinge",
    {
        "softmax": "each score is in the sum of exponentials, so any change of them moves the softmax loss",
        "both": "hinge, yes; but softmax takes each score into its sum of exponentials, and moves with it",
        "neither": "a margin that is kept costs 0, and still does if the scores move by less than what is to spare",
    },
)

twice_the_weights = question(
    "twice_the_weights",
    0,
    "falls",
    {
        "rises": "every right score moves further from the others: its probability rises",
        "stays": "the answers stay, but the probabilities do not: every right one rises",
    },
)

kinks_on_a_ray = question(
    "kinks_on_a_ray",
    0,
    9,
    {
        10: "the right class has no term of its own",
        1: "each wrong class has a term of its own, and each term has its own kink",
        18: "s_j - s_y + 1 is a straight line along the ray: it goes through 0 once, not twice",
        900: "that is for a hundred images",
        0: "max(0, …) has a kink where its straight line goes through 0",
    },
    otherwise="how many terms has the sum, and how often can a straight line go through 0?",
)
