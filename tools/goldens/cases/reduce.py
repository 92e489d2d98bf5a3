"""MEAN, SUM, REDUCE_MAX over every kind of axes."""

import numpy as np

from cases import cases
from reference import fixed_point_sum


def reduce(m, x, axes, keep=False, same=True, scale=None, zp=None, gain=1.0, axis_shape=None):
    """`same`: output quantized as the input. Otherwise its scale is the input's times `gain` (SUM: and the spread of sums)."""
    if m.op == "SUM" and zp is None:
        zp = int(m.rng.integers(-8, 9))  # every element adds its zero point: few sums would stay in range
    a = m.input(x, **m.quant(scale, zp))
    reduced = {axis % len(x) for axis in axes}
    shape = [1 if i in reduced else d for i, d in enumerate(x) if keep or i not in reduced]
    if not m.quantized:
        y = m.output(shape)
    elif same:
        y = m.g.output(m.like(a, shape))
    else:
        count = np.prod([x[i] for i in reduced])
        factor = gain * (2.5 * np.sqrt(count) if m.op == "SUM" else 1)
        y = m.output(shape, **m.quant(a.scale * factor, int(m.rng.integers(-40, 40)) if m.op == "SUM" else None))
    m.g.op(m.op, [a, m.constant(np.array(axes, np.int32).reshape(axis_shape or [len(axes)]))], [y], "ReducerOptions",
           keepDims=keep)
    if m.op == "SUM" and m.quantized:
        real = np.float64(a.scale) / np.float64(y.scale)
        m.answer = ("fixed-point formula of tflite's reference_ops::QuantizedMeanOrSum", lambda inputs: [
            fixed_point_sum(inputs[0], a.zero_point, tuple(sorted(reduced)), real, y.zero_point)])


def reduce_numbers(m, x, axes, keep=False):
    """Integers without a scale; sums wrap around."""
    a = m.input(x, lambda run: m.rng.integers(-2**30, 2**30, x))
    y = m.output([1 if i in axes else d for i, d in enumerate(x) if keep or i not in axes])
    m.g.op(m.op, [a, m.constant(np.array(axes, np.int32))], [y], "ReducerOptions", keepDims=keep)


@cases("mean", "sum", "reduce_max")
def reduce_cases(c):
    other = c.op != "reduce_max"  # REDUCE_MAX demands equal quantization
    for t in "int8", "float32":
        c.add(t, "spatial", reduce, [1, 4, 5, 6], [1, 2])
        c.add(t, "spatial_kept", reduce, [1, 4, 5, 6], [1, 2], True)
        c.add(t, "channels", reduce, [1, 3, 4, 7], [3])
        c.add(t, "last_negative_kept", reduce, [3, 9], [-1], True)
        c.add(t, "all_kept", reduce, [1, 3, 4, 2], [0, 1, 2, 3], True)
    t = "int8"
    c.add(t, "all_to_scalar", reduce, [2, 3, 4], [0, 1, 2])
    c.add(t, "rows", reduce, [1, 6, 2, 3], [1])
    c.add(t, "columns_kept", reduce, [1, 3, 7, 3], [2], True)
    c.add(t, "batch", reduce, [3, 2, 4], [0])
    c.add(t, "negative_spatial", reduce, [1, 3, 5, 4], [-3, -2])
    c.add(t, "unordered", reduce, [2, 3, 4], [2, 0])
    c.add(t, "repeated", reduce, [2, 3, 4], [1, 1, -2])
    c.add(t, "rank_1", reduce, [13], [0], True)
    c.add(t, "scalar_axis", reduce, [3, 6], [1], axis_shape=())
    c.add(t, "single_element", reduce, [1, 1, 1, 1], [1, 2])
    c.add(t, "rank_3_last", reduce, [2, 4, 10], [2])
    c.add(t, "batch_and_channels", reduce, [2, 3, 2, 4], [0, 3])
    if other:
        for keep in False, True:
            k = "_kept" if keep else ""
            c.add(t, "spatial_requantized" + k, reduce, [1, 4, 5, 6], [1, 2], keep, False, gain=0.4)
            c.add(t, "spatial_requantized_wider" + k, reduce, [1, 5, 3, 6], [1, 2], keep, False, gain=1.7)
            c.add(t, "channels_requantized" + k, reduce, [1, 3, 4, 7], [3], keep, False, gain=0.7)
            c.add(t, "all_requantized" + k, reduce, [2, 3, 3, 2], [0, 1, 2, 3], keep, False, gain=0.3)
        c.add(t, "rank_2_requantized", reduce, [4, 9], [1], False, False, gain=0.5)
        c.add(t, "rank_3_requantized", reduce, [2, 12, 5], [1], False, False, zp=-128, gain=0.6 if c.op == "mean" else 3.0)
        c.add(t, "zero_point_high_requantized", reduce, [1, 4, 4, 5], [1, 2], False, False, zp=127, gain=0.5 if c.op == "mean" else 4.0)
        c.add(t, "25x5_spatial", reduce, [1, 25, 5, 4], [1, 2], zp=-128 if c.op == "mean" else 0)
    if c.op != "mean":
        for t in "int32", "int64":
            c.add(t, "spatial", reduce_numbers, [1, 4, 5, 6], [1, 2])
            c.add(t, "channels_kept", reduce_numbers, [1, 3, 4, 7], [3], True)
    if c.op == "sum":
        return  # the reference adds up in 16 bits
    t = "int16"
    c.add(t, "spatial", reduce, [1, 4, 5, 6], [1, 2])
    c.add(t, "channels", reduce, [1, 3, 4, 7], [3])
    c.add(t, "all_kept", reduce, [1, 3, 4, 2], [0, 1, 2, 3], True)
    c.add(t, "rows", reduce, [1, 6, 2, 3], [1])
    if other:
        c.add(t, "spatial_requantized", reduce, [1, 4, 5, 6], [1, 2], False, False, gain=0.4)
        c.add(t, "channels_requantized_kept", reduce, [1, 3, 4, 7], [3], True, False, gain=0.7)
        c.add(t, "25x5_spatial", reduce, [1, 25, 5, 4], [1, 2])
