"""Functions of one value, element by element (ops/unary.cpp)."""

import numpy as np

from cases import cases
from cases.activation import ramp, unary, y_on

OPTIONS = {"ABS": "AbsOptions", "EXP": "ExpOptions", "NEG": "NegOptions", "SQUARE": "SquareOptions", "COS": "CosOptions",
           "GELU": "GeluOptions", "LOGICAL_NOT": "LogicalNotOptions", "SIGN": "SignOptions"}

# Where floats are drawn from: the functions' domains, and far beyond where that tells something.
RANGES = {"LOG": (1e-3, 50), "SQRT": (0, 100), "RSQRT": (1e-3, 50), "EXP": (-12, 8), "SIN": (-40, 40), "COS": (-40, 40),
          "ELU": (-6, 6), "GELU": (-6, 6)}


def floats(m, shape, low=None, high=None, **fields):
    low, high = (low, high) if low is not None else RANGES.get(m.op, (-9, 9))
    a = m.input(shape, lambda run: m.rng.uniform(low, high, shape))
    y_on(m, a, m.op, m.quant(), OPTIONS.get(m.op), **fields)


def halves(m):
    """Halves, their neighbours, and values that have no fraction left."""
    x = np.float32(np.arange(-9, 9) / 2)
    far = np.float32([8388607.5, -8388607.5, 8388608, 16777217, -3e9, 1e30])
    x = np.concatenate([x, np.nextafter(x, np.float32(99)), np.nextafter(x, np.float32(-99)), far])
    y_on(m, m.input([x.size], lambda run: x), m.op, m.quant(), OPTIONS.get(m.op))


def integers(m, shape):
    a = m.input(shape, lambda run: m.rng.integers(-40000, 40000, shape))
    y_on(m, a, m.op, m.quant(), OPTIONS.get(m.op))


@cases("abs", "neg", "square", "sqrt", "rsqrt", "exp", "log", "sin", "cos", "floor", "ceil", "round", "elu", "sign", "gelu")
def unary_cases(c):
    op = c.op.upper()
    fields = {"approximate": False} if c.op == "gelu" else {}
    c.add("float32", "rank_4", floats, [1, 3, 4, 5], **fields)
    c.add("float32", "rank_2", floats, [3, 11], **fields)
    c.add("float32", "single_element", floats, [1, 1, 1, 1], **fields)
    c.add("float32", "near_0", floats, [1, 64], *((1e-6, 1e-2) if op in ("LOG", "SQRT", "RSQRT") else (-1e-2, 1e-2)),
          **fields)
    if op in ("FLOOR", "CEIL", "ROUND"):
        c.add("float32", "halves", halves, runs=1)
    if op in ("SIN", "COS"):
        c.add("float32", "large", floats, [1, 64], -1e6, 1e6)
    if op in ("ABS", "NEG", "SIGN"):
        c.add("int32", "rank_4", integers, [1, 3, 4, 5])
        c.add("int32", "rank_1", integers, [13])


@cases("logical_not")
def logical_not_cases(c):
    c.add("bool", "rank_4", unary, [1, 3, 4, 5], options="LogicalNotOptions")
    c.add("bool", "rank_1", unary, [9], options="LogicalNotOptions")


def bytewise(c, domain, outputs, **fields):
    """All int8 values under several quantizations. `domain`: "all", or "positive" where the reference refuses others."""
    o = OPTIONS.get(c.op.upper())
    for i, (scale, zp) in enumerate(domain):
        for j, out in enumerate(outputs):
            c.add("int8", f"all_values_{i}{j}", ramp, (scale, zp), out, o, runs=2, **fields)
    c.add("int8", "rank_4", unary, [1, 3, 4, 5], domain[0], outputs[0], o, **fields)
    c.add("int8", "rank_1", unary, [11], domain[1], outputs[1], o, **fields)


@cases("abs")
def abs_cases(c):
    unary_cases(c)
    bytewise(c, [(0.05, 0), (0.047, -33), (0.11, 127), (0.02, -128)], [(0.05, -128), (0.031, -70), (0.11, 10)])


@cases("exp")
def exp_cases(c):
    unary_cases(c)
    bytewise(c, [(0.03, 0), (0.047, 40), (0.008, 127)], [(0.02, -128), (0.11, -128), (0.3, 5)])


@cases("log")
def log_cases(c):
    unary_cases(c)
    bytewise(c, [(0.05, -128), (0.011, -128), (0.4, -20)], [(0.03, 0), (0.02, 100)])


@cases("rsqrt")
def rsqrt_cases(c):
    unary_cases(c)
    bytewise(c, [(0.05, -128), (0.011, -128), (0.4, -128), (0.0003, -128)], [(0.02, -128), (0.11, -100), (0.0061, 3)])


@cases("elu")
def elu_cases(c):
    unary_cases(c)
    bytewise(c, [(0.05, 0), (0.031, -40), (0.09, 100)], [(0.03, -90), (0.05, -128), (0.02, 0)])


@cases("gelu")
def gelu_cases(c):
    unary_cases(c)
    for name, shape in ("rank_4", [1, 3, 4, 5]), ("rank_2", [3, 11]):
        c.add("float32", f"approximate_{name}", floats, shape, approximate=True)
    bytewise(c, [(0.05, 0), (0.031, -40), (0.09, 100)], [(0.03, -120), (0.05, -128)], approximate=False)
    for i, (qx, qy) in enumerate([((0.04, 5), (0.03, -122)), ((0.07, -128), (0.05, -128))]):
        c.add("int8", f"approximate_{i}", ramp, qx, qy, "GeluOptions", runs=2, approximate=True)
