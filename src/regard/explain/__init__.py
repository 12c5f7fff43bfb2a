"""Maps over steps or pixels, compared with the truth, and whether to believe them."""

from regard.explain.alignment import (
    AlignmentErrors,
    Links,
    alignment_ap,
    alignment_error_rate,
    links_of,
    true_links,
)
from regard.explain.chance import (
    Interval,
    discoveries,
    mean_interval,
    placement_p,
    ratio_interval,
)
from regard.explain.erasing import SHARES, fill_steps, most_and_least, shifted, shuffled
from regard.explain.localisation import (
    average_precision,
    inside_spans,
    localisation_ap,
    localisation_ndcg,
    ndcg,
)
from regard.explain.pixels import box_ap, box_chance, lay_over_pixels, pointing_game
from regard.explain.steps import (
    as_weights,
    lay_over_steps,
    most_attended_spans,
    spread_over_kernels,
)
from regard.explain.verdict import FEWEST, LEAST_GAIN, Belief, Figures, Verdict, judge

__all__ = [
    "FEWEST",
    "LEAST_GAIN",
    "SHARES",
    "AlignmentErrors",
    "Belief",
    "Figures",
    "Interval",
    "Links",
    "Verdict",
    "alignment_ap",
    "alignment_error_rate",
    "as_weights",
    "average_precision",
    "box_ap",
    "box_chance",
    "discoveries",
    "fill_steps",
    "inside_spans",
    "judge",
    "lay_over_pixels",
    "lay_over_steps",
    "links_of",
    "localisation_ap",
    "localisation_ndcg",
    "mean_interval",
    "most_and_least",
    "most_attended_spans",
    "ndcg",
    "placement_p",
    "pointing_game",
    "ratio_interval",
    "shifted",
    "shuffled",
    "spread_over_kernels",
    "true_links",
]
