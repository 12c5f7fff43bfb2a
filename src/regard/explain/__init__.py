"""Where a prediction looked: maps laid back over the input, and whether they find the truth."""

from regard.explain.localisation import localisation_ap
from regard.explain.steps import lay_over_steps, most_attended_spans

__all__ = ["lay_over_steps", "localisation_ap", "most_attended_spans"]
