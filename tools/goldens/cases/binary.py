"""ADD, SUB, MUL, MAXIMUM, MINIMUM, with every kind of broadcast."""

import numpy as np

from builder import ACTIVATIONS
from cases import cases
from reference import double_rounding_array, quantize_multiplier

OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "MAXIMUM": "MaximumMinimumOptions",
           "MINIMUM": "MaximumMinimumOptions"}


def binary(m, a, b, act="NONE", const=None, qa=(None, None), qb=(None, None), qy=(None, None), gain=1.0, powers=False):
    """`qa`, `qb`, `qy`: (scale, zero point), None for random. `const`: which operand is a constant, if any.

    Where the output's scale or zero point is not given, the result's range fits the output's about `gain` times.
    """
    qa, qb = m.quant(*qa), m.quant(*qb)
    if m.op in ("MAXIMUM", "MINIMUM"):
        qb = qa
    operands = []
    for i, (shape, q) in enumerate([(a, qa), (b, qb)]):
        constant = const == i
        operands.append(m.g.tensor(shape, data=m.values(shape), **q) if constant else m.input(shape, **q))
    qy = dict(qa) if m.op in ("MAXIMUM", "MINIMUM") or not m.quantized else fitting(m, qa, qb, qy, gain)
    fields = {} if m.op in ("MAXIMUM", "MINIMUM") else {"fusedActivationFunction": ACTIVATIONS[act]}
    if m.op in ("ADD", "SUB") and m.dtype == "int16":
        fields["potScaleInt16"] = powers  # of two, the scales are
    y = m.output(np.broadcast_shapes(a, b), **qy)
    m.g.op(m.op, operands, [y], OPTIONS[m.op], **fields)


def fitting(m, qa, qb, given, gain):
    """The output's quantization: centre the result's range, let it fill the output's `gain` times."""
    low_a, high_a = real_range(qa)
    low_b, high_b = real_range(qb)
    corners = {"ADD": [low_a + low_b, high_a + high_b], "SUB": [low_a - high_b, high_a - low_b],
               "MUL": [a * b for a in (low_a, high_a) for b in (low_b, high_b)]}[m.op]
    low, high = min(corners), max(corners)
    if m.dtype == "int16":
        return m.quant(given[0] or (high - low) / 65535 * gain)
    scale = given[0] or (high - low) / 255 * gain
    centre = np.clip(round(-(low + high) / 2 / scale + m.rng.normal(0, 20)), -128, 127)
    return m.quant(scale, int(centre) if given[1] is None else given[1])


def real_range(q):
    limits = (-32768, 32767) if q["dtype"] == "int16" else (-128, 127)
    return [float(q["scale"]) * (x - q["zero_point"]) for x in limits]


def product_tells(m):
    """Scales for which a multiplier in float32 and one in double requantize some of the products differently."""
    x = m.rng.integers(-127, 128, 256)
    products = np.array(x[:, None] * x[None, :])
    while True:
        s1, s2, s_out = m.scale(1e-2, 0.1), m.scale(1e-2, 0.1), m.scale(0.05, 0.5)
        reals = [np.float64(s1) * np.float64(s2) / np.float64(s_out), np.float64(np.float32(s1 * s2) / s_out)]
        in_double, in_float = (double_rounding_array(products, *quantize_multiplier(r)) for r in reals)
        telling = np.argwhere((in_double != in_float) & (np.abs(in_double) < 120))
        if 0.0001 < reals[0] < 0.2 and len(telling) > 2:
            break
    a = m.input([2, 3], lambda run: x[np.resize(telling[:, 0], 6)], **m.quant(s1, 0))
    b = m.input([2, 3], lambda run: x[np.resize(telling[:, 1], 6)], **m.quant(s2, 0))
    m.g.op("MUL", [a, b], [m.output([2, 3], **m.quant(s_out, 0))], "MulOptions")


@cases("add", "sub", "mul", "maximum", "minimum")
def binary_cases(c):
    arithmetic = c.op in ("add", "sub", "mul")
    for t in "int8", "float32":
        c.add(t, "same_shape", binary, [1, 3, 4, 5], [1, 3, 4, 5])
        c.add(t, "channel_constant", binary, [1, 4, 3, 6], [1, 1, 1, 6], const=1)
        c.add(t, "scalar_first_constant", binary, [1], [2, 3, 5], const=0)
        c.add(t, "both_broadcast", binary, [2, 1, 3, 1], [1, 4, 1, 5])
        if arithmetic:
            c.add(t, "relu6", binary, [2, 5, 4], [2, 5, 4], act="RELU6", qy=(0.04, -100))
        else:
            c.add(t, "rank_2_second_constant", binary, [4, 6], [4, 6], const=1)
    t = "int8"
    c.add(t, "ranks_differ", binary, [1, 3, 4, 5], [4, 5])
    c.add(t, "ranks_differ_second_larger", binary, [7], [2, 3, 7])
    c.add(t, "scalar_rank_0", binary, [3, 4], [], const=1)
    c.add(t, "spatial", binary, [1, 4, 3, 5], [1, 4, 3, 1])
    c.add(t, "rows", binary, [1, 1, 3, 4], [1, 5, 3, 4])
    c.add(t, "single_element", binary, [1, 1, 1, 1], [1, 1, 1, 1])
    c.add(t, "rank_1", binary, [37], [37])
    c.add(t, "zero_points_extreme", binary, [4, 9], [4, 9], qa=(None, -128), qb=(None, 127))
    c.add(t, "rank_5_broadcast", binary, [2, 1, 2, 3, 2], [1, 2, 2, 1, 2])
    if arithmetic:
        c.add(t, "relu", binary, [3, 7], [3, 7], act="RELU", qy=(None, -128))
        c.add(t, "relu_middle_zero_point", binary, [3, 7], [3, 7], act="RELU", qy=(None, -20))
        c.add(t, "relu_n1_to_1", binary, [1, 3, 3, 3], [1, 3, 3, 3], act="RELU_N1_TO_1", qa=(0.02, 3), qb=(0.017, -9))
        c.add(t, "scales_far_apart", binary, [3, 12], [3, 12], qa=(0.5, None), qb=(0.001, None))
        c.add(t, "scales_far_apart_swapped", binary, [3, 12], [3, 12], qa=(0.0011, None), qb=(0.47, None))
        c.add(t, "saturating", binary, [3, 12], [3, 12], gain=0.25)
        c.add(t, "tiny_output", binary, [3, 12], [3, 12], gain=20)
    if c.op == "mul":
        c.add(t, "multiplier_above_1", binary, [5, 8], [5, 8], qa=(0.4, 2), qb=(0.3, -5), qy=(0.09, 0))
        c.add(t, "float32_multiplier", product_tells, runs=1)
    t = "int16"
    c.add(t, "same_shape", binary, [1, 3, 4, 5], [1, 3, 4, 5])
    c.add(t, "channel_constant", binary, [1, 4, 3, 6], [1, 1, 1, 6], const=1)
    c.add(t, "scalar_first_constant", binary, [1], [2, 3, 5], const=0)
    c.add(t, "both_broadcast", binary, [2, 1, 3, 1], [1, 4, 1, 5])
    c.add(t, "rank_1", binary, [37], [37])
    if arithmetic:
        c.add(t, "relu6", binary, [2, 5, 4], [2, 5, 4], act="RELU6", qy=(0.00025, None))
        c.add(t, "relu", binary, [3, 7], [3, 7], act="RELU")
        c.add(t, "scales_far_apart", binary, [3, 12], [3, 12], qa=(0.01, None), qb=(0.00001, None))
        c.add(t, "scales_far_apart_swapped", binary, [3, 12], [3, 12], qa=(0.000011, None), qb=(0.012, None))
        c.add(t, "equal_scales", binary, [3, 12], [3, 12], qa=(0.0004, None), qb=(0.0004, None))
        c.add(t, "saturating", binary, [3, 12], [3, 12], gain=0.25)
        c.add(t, "tiny_output", binary, [3, 12], [3, 12], gain=20)
    if c.op in ("add", "sub"):
        p = 2**-11
        c.add(t, "powers_of_two", binary, [1, 3, 4, 5], [1, 3, 4, 5], qa=(p, None), qb=(p, None), qy=(p, None), powers=True)
        c.add(t, "powers_of_two_first", binary, [3, 9], [3, 9], qa=(p / 4, None), qb=(p, None), qy=(p, None), powers=True)
        c.add(t, "powers_of_two_second_relu", binary, [3, 9], [3, 9], "RELU", qa=(p, None), qb=(p / 2, None),
              qy=(p, None), powers=True)
        c.add(t, "powers_of_two_not_quite", binary, [3, 9], [3, 9], qa=(p * 1.0005, None), qb=(p / 8, None),
              qy=(p * 0.9996, None), powers=True)
        c.add(t, "powers_of_two_multiplied", binary, [3, 9], [3, 9], qa=(p, None), qb=(p / 2, None), qy=(p * 4, None))
        c.add(t, "no_powers_of_two", binary, [3, 9], [3, 9], qa=(p * 1.2, None), qb=(p / 2, None), qy=(p * 2, None), powers=True)
