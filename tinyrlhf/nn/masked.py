"""Which actions are impossible here? A network whose outputs for these are -inf."""
import numpy as np

from tinyrlhf.nn.networks import MLP


class MaskedMLP(MLP):
    """An MLP whose last inputs, one for each output, say which outputs are possible: all above 0.

        y = MLP(x) where possible, else -inf

    As logits -inf is probability 0, so that a policy neither draws such an action nor learns
    anything about it. Somewhere something must be possible.
    """

    def __init__(self, sizes, rng, **options):
        if sizes[0] < sizes[-1]:
            raise ValueError(f"sizes: expected an input for each of {sizes[-1]} outputs, "
                             f"got {sizes[0]}")
        super().__init__(sizes, rng, **options)

    def forward(self, inputs):
        """Inputs (..., I) -> outputs (..., O), cache."""
        outputs, cache = super().forward(inputs)
        possible = np.asarray(inputs)[..., -outputs.shape[-1]:] > 0
        return np.where(possible, outputs, -np.inf), (cache, possible)

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads; -inf moves with no parameter."""
        cache, possible = cache
        return super().backward(cache, np.where(possible, d_outputs, 0.0))
