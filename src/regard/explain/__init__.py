"""Maps over the steps of an input, as weights, and compared with the true span."""

from regard.explain.localisation import localisation_ap
from regard.explain.steps import as_weights, lay_over_steps, most_attended_spans

__all__ = ["as_weights", "lay_over_steps", "localisation_ap", "most_attended_spans"]
