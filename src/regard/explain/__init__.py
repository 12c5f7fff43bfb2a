"""Maps as explanations: laid back over the input, as shares of the evidence, against the truth."""

from regard.explain.evidence import as_weights
from regard.explain.localisation import localisation_ap
from regard.explain.steps import lay_over_steps, most_attended_spans

__all__ = ["as_weights", "lay_over_steps", "localisation_ap", "most_attended_spans"]
