"""A linear model on a bag of features: the sum of one row of a table for each of them."""
import numpy as np

from tinyrlhf.nn.networks import Table


class SumTable(Table):
    """The sum of one row for each input number of a group."""

    def forward(self, inputs):
        """Integers (..., G) -> outputs (..., O), cache."""
        rows, cache = super().forward(inputs)
        return rows.sum(axis=-2), cache

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads; every member of a group gets the derivative of its sum."""
        d_outputs = np.asarray(d_outputs)
        shape = (*np.shape(cache), d_outputs.shape[-1])
        d_rows = np.broadcast_to(d_outputs[..., None, :], shape)  # y = sum of rows: d row = d y
        return super().backward(cache, d_rows)
