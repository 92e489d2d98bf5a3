"""Along one axis: ARG_MAX, ARG_MIN, CUMSUM, TOPK_V2, L2_NORMALIZATION, LOG_SOFTMAX; more reductions; L2_POOL_2D."""

import numpy as np

from builder import PADDINGS, schema
from cases import cases
from cases.activation import y_on
from cases.reduce import reduce


def arg(m, x, axis, result="int32"):
    """Few values, so that some are equal."""
    draw = (lambda run: m.rng.integers(-4, 5, x)) if m.dtype != "float32" else (lambda run: np.round(m.rng.normal(0, 2, x)))
    a = m.input(x, draw)
    shape = [d for i, d in enumerate(x) if i != axis % len(x)]
    m.g.op(m.op, [a, m.constant(np.array(axis, np.int32))], [m.output(shape, dtype=result)],
           "ArgMaxOptions" if m.op == "ARG_MAX" else "ArgMinOptions", outputType=getattr(schema.TensorType, result.upper()))


@cases("arg_max", "arg_min")
def arg_cases(c):
    for t in "int8", "float32", "int32":
        c.add(t, "last", arg, [2, 9], 1)
        c.add(t, "channels", arg, [1, 3, 4, 6], 3)
        c.add(t, "rows", arg, [1, 5, 3, 2], 1)
        c.add(t, "int64", arg, [3, 7], -1, "int64")
    c.add("int8", "rank_1", arg, [12], 0)


def cumsum(m, x, axis, exclusive=False, reverse=False):
    a = m.input(x, (lambda run: m.rng.integers(-1000, 1000, x)) if m.dtype == "int32" else None)
    m.g.op("CUMSUM", [a, m.constant(np.array(axis, np.int32))], [m.output(x)], "CumsumOptions", exclusive=exclusive, reverse=reverse)


@cases("cumsum")
def cumsum_cases(c):
    for t in "float32", "int32":
        c.add(t, "last", cumsum, [2, 9], 1)
        c.add(t, "rows", cumsum, [1, 5, 3, 2], 1)
        c.add(t, "exclusive", cumsum, [2, 3, 4], 2, True)
        c.add(t, "reverse", cumsum, [2, 3, 4], -2, False, True)
        c.add(t, "both", cumsum, [7], 0, True, True)


def top_k(m, x, k):
    a = m.input(x, None if m.dtype == "float32" else (lambda run: m.rng.integers(-9, 10, x)))
    shape = [*x[:-1], k]
    m.g.op("TOPK_V2", [a, m.constant(np.array(k, np.int32))], [m.g.output(m.like(a, shape)), m.output(shape, dtype="int32")],
           "TopKV2Options")


@cases("topk_v2")
def top_k_cases(c):
    for t in "float32", "int32", "int8":
        c.add(t, "3", top_k, [2, 9], 3)
        c.add(t, "all", top_k, [7], 7)
        c.add(t, "rank_4", top_k, [1, 2, 3, 5], 2)


@cases("l2_normalization")
def l2_normalization_cases(c):
    def normalize(m, x, scale=None, zp=None, draw=None):
        y_on(m, m.input(x, draw, **m.quant(scale, zp)), "L2_NORMALIZATION", m.quant(1 / 128, 0), "L2NormOptions")

    for t in "int8", "float32":
        c.add(t, "vector", normalize, [1, 10])
        c.add(t, "rank_4", normalize, [1, 3, 2, 5])
        c.add(t, "one_element", normalize, [3, 1])
    c.add("int8", "zero", normalize, [3, 4], 0.1, 5, lambda run: np.full([3, 4], 5))
    c.add("int8", "small", normalize, [3, 4], 0.1, 5, lambda run: 5 + m_small(run))
    c.add("int8", "long", normalize, [2, 300], 0.1, -128)
    for i in range(6):
        c.add("int8", f"random_{i}", normalize, [4, 3 + 5 * i])


def m_small(run):
    return np.array([[1, 0, 0, 0], [1, -1, 0, 1], [0, 0, 2 + run, 0]])


@cases("log_softmax")
def log_softmax_cases(c):
    def log_softmax(m, x, scale=None, zp=None):
        y_on(m, m.input(x, **m.quant(scale, zp)), "LOG_SOFTMAX", m.quant(1 / 16, 127), "LogSoftmaxOptions")

    for t in "int8", "float32":
        c.add(t, "10", log_softmax, [1, 10], 0.08)
        c.add(t, "rank_4", log_softmax, [1, 3, 4, 5], 0.05)
        c.add(t, "one_element", log_softmax, [2, 1], 0.1)
        c.add(t, "rank_1", log_softmax, [7], 0.06)
    for i, scale in enumerate([0.001, 0.01, 0.1, 0.4, 1.3]):
        c.add("int8", f"scale_{i}", log_softmax, [3, 12], scale)


@cases("reduce_min")
def reduce_min_cases(c):
    for t in "int8", "float32":
        c.add(t, "spatial", reduce, [1, 4, 5, 6], [1, 2])
        c.add(t, "channels_kept", reduce, [1, 3, 4, 7], [3], True)
        c.add(t, "all", reduce, [2, 3, 4], [0, 1, 2])
        c.add(t, "rows", reduce, [1, 6, 2, 3], [1])


@cases("reduce_prod")
def reduce_prod_cases(c):
    c.add("float32", "spatial", reduce, [1, 2, 3, 6], [1, 2])
    c.add("float32", "channels_kept", reduce, [1, 3, 4, 3], [3], True)
    c.add("float32", "all", reduce, [2, 3, 2], [0, 1, 2])


@cases("reduce_any", "reduce_all")
def logical_reduce_cases(c):
    c.add("bool", "spatial", reduce, [1, 2, 3, 6], [1, 2])
    c.add("bool", "channels_kept", reduce, [1, 3, 4, 2], [3], True)
    c.add("bool", "all", reduce, [2, 2], [0, 1])


@cases("l2_pool_2d")
def l2_pool_cases(c):
    def pool(m, x, size, stride, padding):
        out = [-(-d // stride) if padding == "SAME" else (d - size) // stride + 1 for d in x[1:3]]
        m.g.op("L2_POOL_2D", [m.input(x)], [m.output([x[0], *out, x[3]])], "Pool2DOptions", filterWidth=size, filterHeight=size,
               strideW=stride, strideH=stride, padding=PADDINGS[padding])

    c.add("float32", "2x2", pool, [1, 4, 6, 3], 2, 2, "VALID")
    c.add("float32", "3x3_same", pool, [1, 5, 4, 2], 3, 1, "SAME")
    c.add("float32", "3x3_stride_2", pool, [2, 5, 7, 1], 3, 2, "SAME")
