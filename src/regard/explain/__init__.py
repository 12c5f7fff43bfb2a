"""Maps over steps or pixels, as weights, and compared with the true span, box or alignment."""

from regard.explain.alignment import (
    AlignmentErrors,
    Links,
    alignment_ap,
    alignment_error_rate,
    links_of,
    true_links,
)
from regard.explain.localisation import average_precision, localisation_ap
from regard.explain.pixels import box_ap, box_chance, lay_over_pixels, pointing_game
from regard.explain.steps import (
    as_weights,
    lay_over_steps,
    most_attended_spans,
    spread_over_kernels,
)

__all__ = [
    "AlignmentErrors",
    "Links",
    "alignment_ap",
    "alignment_error_rate",
    "as_weights",
    "average_precision",
    "box_ap",
    "box_chance",
    "lay_over_pixels",
    "lay_over_steps",
    "links_of",
    "localisation_ap",
    "most_attended_spans",
    "pointing_game",
    "spread_over_kernels",
    "true_links",
]
