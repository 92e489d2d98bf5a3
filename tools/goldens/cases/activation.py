"""Operators on one tensor, element by element, and SOFTMAX."""

import numpy as np

from cases import cases
from reference import double_rounding_array, quantize_multiplier


def unary(m, shape, qx=(None, None), qy=(None, None), options=None, **fields):
    y_on(m, m.input(shape, **m.quant(*qx)), m.op, m.quant(*qy), options, **fields)


def y_on(m, a, op, quant, options=None, **fields):
    """Appends an element-wise operator and makes its result an output."""
    y = m.output(a.shape, **quant)
    m.g.op(op, [a], [y], options, **fields)


def near(m, shape, options=None, **fields):
    """Random quantization, the output's scale within a factor of three of the input's."""
    scale, factor = m.scale(5e-3), np.exp(m.rng.uniform(-1.1, 1.1))
    unary(m, shape, (scale, int(m.rng.integers(-100, 80))), (scale * factor, int(m.rng.integers(-128, 60))), options, **fields)


def ramp(m, qx, qy, options=None, **fields):
    """Every int8 value once: two runs of 128."""
    a = m.input([1, 128], lambda run: np.arange(128) - (128 if run == 0 else 0), **m.quant(*qx))
    y_on(m, a, m.op, m.quant(*qy), options, **fields)


def ratio_tells(m, options=None, **fields):
    """Scales for which a ratio in float32 and one in double requantize some value differently."""
    x = np.arange(1, 200)  # with the lowest zero point
    while True:
        s_in = m.scale(1e-2, 0.1)
        s_out = np.float32(s_in * m.rng.integers(3, 40) / (2 * m.rng.integers(3, 40)))
        ratios = [np.float64(s_in) / np.float64(s_out), np.float64(s_in / s_out)]
        if max(ratios) < 0.99 and np.any(np.diff([double_rounding_array(x, *quantize_multiplier(r)) for r in ratios], axis=0)):
            return ramp(m, (s_in, -128), (s_out, -128), options, **fields)


@cases("relu", "relu6", "relu_n1_to_1", "hard_swish")
def clip_cases(c):
    options = "HardSwishOptions" if c.op == "hard_swish" else None
    for t in "int8", "float32":
        c.add(t, "rank_4", unary, [1, 3, 4, 5], (0.05, None), (0.04, None), options)
        c.add(t, "rank_2", unary, [3, 11], (0.09, -11), (0.0235, -128), options)
        c.add(t, "rank_1", unary, [9], (0.03, 7), (0.03, 7), options)
        c.add(t, "single_element", unary, [1, 1, 1, 1], (0.03, 7), (0.02, -3), options)
        c.add(t, "rank_3", unary, [2, 3, 7], (0.02, -5), (0.015, -40), options)
    t = "int8"
    c.add(t, "all_values", ramp, (0.05, 0), (0.0235, -128), options, runs=2)
    c.add(t, "all_values_zp", ramp, (0.047, -33), (0.031, -70), options, runs=2)
    c.add(t, "zp_low", ramp, (0.04, -128), (0.04, -128), options, runs=2)
    c.add(t, "zp_high", ramp, (0.04, 127), (0.02, 127), options, runs=2)
    c.add(t, "expanding", ramp, (0.11, 5), (0.003, -100), options, runs=2)
    c.add(t, "shrinking", ramp, (0.006, 5), (0.2, 20), options, runs=2)
    c.add(t, "small_scales", ramp, (0.001, -50), (0.0012, 50), options, runs=2)
    c.add(t, "large_scales", ramp, (0.5, 50), (0.45, -50), options, runs=2)
    c.add(t, "out_zp_in_range", ramp, (0.021, 20), (0.021, -20), options, runs=2)
    for i in range(4):
        c.add(t, f"random_{i}", near, [1, 2, 3, 7], options)
    if c.op != "hard_swish":
        c.add(t, "float32_ratio", ratio_tells, runs=2)
    if c.op in ("relu", "relu6"):  # of the others the reference has none
        t = "int16"
        c.add(t, "rank_4", unary, [1, 3, 4, 5], (0.0002, None), (0.00015, None))
        c.add(t, "same_scale", unary, [40], (0.0003, None), (0.0003, None))
        c.add(t, "shrinking", unary, [3, 20], (0.0001, None), (0.003, None))
        c.add(t, "expanding", unary, [3, 20], (0.003, None), (0.0001, None))


@cases("leaky_relu")
def leaky_relu_cases(c):
    o = "LeakyReluOptions"
    for t in "int8", "float32":
        c.add(t, "0.1", unary, [1, 3, 4, 5], (0.05, None), (0.04, None), o, alpha=0.1)
        c.add(t, "0.3_rank_2", unary, [3, 11], (0.09, -11), (0.07, 30), o, alpha=0.3)
        c.add(t, "above_1", unary, [3, 11], (0.05, 4), (0.08, 10), o, alpha=1.7)
        c.add(t, "negative", unary, [3, 11], (0.05, 4), (0.04, -40), o, alpha=-0.4)
        c.add(t, "zero", unary, [7], (0.05, 4), (0.04, -40), o, alpha=0.0)
    t = "int8"
    c.add(t, "all_values", ramp, (0.05, 0), (0.05, 0), o, alpha=0.2, runs=2)
    c.add(t, "all_values_zp", ramp, (0.047, -33), (0.031, 20), o, alpha=0.01, runs=2)
    c.add(t, "all_values_negative", ramp, (0.047, 30), (0.041, -20), o, alpha=-1.3, runs=2)
    c.add(t, "zp_low", ramp, (0.04, -128), (0.03, 0), o, alpha=0.1, runs=2)
    c.add(t, "zp_high", ramp, (0.04, 127), (0.02, 127), o, alpha=0.25, runs=2)
    c.add(t, "expanding", ramp, (0.11, 5), (0.003, 0), o, alpha=0.05, runs=2)
    c.add(t, "shrinking", ramp, (0.006, 5), (0.2, 20), o, alpha=0.3, runs=2)
    c.add(t, "single_element", unary, [1, 1, 1, 1], (0.03, 7), (0.02, -3), o, alpha=0.2)
    for i in range(4):
        c.add(t, f"random_{i}", near, [1, 2, 3, 7], o, alpha=0.1 * (i + 1))
    c.add(t, "float32_ratio", ratio_tells, o, alpha=0.5, runs=2)
    t = "int16"
    c.add(t, "0.1", unary, [1, 3, 4, 5], (0.0002, None), (0.00015, None), o, alpha=0.1)
    c.add(t, "above_1", unary, [3, 20], (0.0002, None), (0.0006, None), o, alpha=1.7)
    c.add(t, "negative", unary, [3, 20], (0.0002, None), (0.0002, None), o, alpha=-0.4)
    c.add(t, "expanding", unary, [3, 20], (0.003, None), (0.0001, None), o, alpha=0.01)


@cases("logistic", "tanh")
def sigmoid_cases(c):
    out = (1 / 256, -128) if c.op == "logistic" else (1 / 128, 0)
    c.add("float32", "rank_4", unary, [1, 3, 4, 5])
    c.add("float32", "rank_2", unary, [3, 11])
    c.add("float32", "single_element", unary, [1, 1, 1, 1])
    c.add("float32", "wide", lambda m: y_on(m, m.input([1, 64], lambda run: np.linspace(-12, 12, 64) * (run + 1)), m.op,
                                            m.quant()))
    c.add("float32", "tiny", lambda m: y_on(m, m.input([1, 32], lambda run: np.linspace(-1, 1, 32) * 10.0 ** (-3 * run)),
                                            m.op, m.quant()))
    t = "int8"
    for i, (scale, zp) in enumerate([(0.001, 0), (0.0078125, -7), (0.02, 0), (0.03125, 10), (0.047, -33), (0.0625, 0),
                                     (0.08, 90), (0.11, -128), (0.15, 127), (0.23, 4), (0.37, -60), (0.5, 0)]):
        c.add(t, f"all_values_{scale}", ramp, (scale, zp), out, runs=2)
    c.add(t, "rank_4", unary, [1, 3, 4, 5], (0.05, None), out)
    c.add(t, "rank_1", unary, [13], (0.02, 9), out)
    c.add(t, "single_element", unary, [1, 1, 1, 1], (0.04, 3), out)
    # 2^-12 and, for TANH, 2^-11 are taken for powers of two, also where they are not quite.
    for scale in (2**-12, 2**-12 * 1.0005, 2**-11, 2**-11 * 0.9996, 2**-13, 1e-6, 0.00005, 0.0003, 0.001, 0.01, 1.0):
        c.add("int16", f"{scale:.8f}", every_149th, scale)


def every_149th(m, scale):
    """And the largest values."""
    a = m.input([440], lambda run: np.append(np.arange(-32768, 32768, 149), [32767, 0])[:440] - run, **m.quant(scale))
    y_on(m, a, m.op, m.quant(2**-15))


def softmax(m, shape, scale=None, zp=None, beta=1.0, draw=None):
    a = m.input(shape, draw, **m.quant(scale, zp))
    out = 1 / 32768 if m.dtype == "int16" else 1 / 256
    y_on(m, a, "SOFTMAX", m.quant(out, -128), "SoftmaxOptions", beta=beta)


@cases("softmax")
def softmax_cases(c):
    for t in "int8", "float32":
        c.add(t, "10", softmax, [1, 10], 0.08)
        c.add(t, "rank_4", softmax, [1, 3, 4, 5], 0.05)
        c.add(t, "beta_half", softmax, [2, 12], 0.1, beta=0.5)
        c.add(t, "one_element", softmax, [1, 1], 0.1)
        c.add(t, "rank_1", softmax, [7], 0.06)
    t = "int8"
    c.add(t, "2", softmax, [3, 2], 0.02)
    c.add(t, "40", softmax, [2, 40], 0.02)
    c.add(t, "33_sharp", softmax, [2, 33], 0.4)
    c.add(t, "12_flat", softmax, [2, 12], 0.001)
    c.add(t, "beta_3", softmax, [2, 9], 0.03, beta=3.0)
    c.add(t, "beta_0.1", softmax, [2, 9], 0.2, beta=0.1)
    c.add(t, "rank_3", softmax, [2, 3, 8], 0.07)
    c.add(t, "rank_4_batch", softmax, [2, 2, 3, 3], 0.15, 127)
    c.add(t, "all_equal", softmax, [2, 16], 0.1, 0, 1.0, lambda run: np.full([2, 16], [-128, 127, 0][run]))
    c.add(t, "all_but_one_low", softmax, [1, 20], 0.1, 0, 1.0, lambda run: np.where(np.arange(20) == run * 7, 127, -128))
    c.add(t, "two_close", softmax, [1, 6], 0.03, 5, 1.0, lambda run: [-128, 126 - 40 * run, 127, -100, 0, 30])
    c.add(t, "scale_0.5", softmax, [3, 11], 0.5)
    t = "int16"
    c.add(t, "10", softmax, [1, 10], 0.0003)
    c.add(t, "rank_4", softmax, [1, 3, 4, 5], 0.0002)
    c.add(t, "beta_half", softmax, [2, 12], 0.0004, beta=0.5)
    c.add(t, "one_element", softmax, [1, 1], 0.0004)
    c.add(t, "2", softmax, [60, 2], 0.00005)
    c.add(t, "40", softmax, [4, 40], 0.0001)
    c.add(t, "33_sharp", softmax, [2, 33], 0.002)
    c.add(t, "12_flat", softmax, [9, 12], 0.000005)
    c.add(t, "300", softmax, [2, 300], 0.00004)
    c.add(t, "all_equal", softmax, [2, 16], 0.0004, 0, 1.0, lambda run: np.full([2, 16], [-32768, 32767, 0][run]))
    c.add(t, "all_but_one_low", softmax, [1, 20], 0.0004, 0, 1.0, lambda run: np.where(np.arange(20) == run * 7, 32767, -32768))
