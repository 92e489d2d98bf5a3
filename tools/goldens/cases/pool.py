"""AVERAGE_POOL_2D and MAX_POOL_2D. Input and output share their quantization: the reference demands it."""

from builder import ACTIVATIONS, PADDINGS
from cases import cases
from cases.conv import out_size


def pool(m, x, k=(2, 2), s=(2, 2), pad="VALID", act="NONE", scale=None, zp=None):
    a = m.input(x, **m.quant(scale, zp))
    m.g.output(pool_on(m, a, m.op, k, s, pad, act))


def pool_on(m, a, op, k, s, pad, act="NONE"):
    """Appends a pooling operator to tensor `a`."""
    n, h, w, c = a.shape
    y = m.like(a, [n, out_size(h, k[0], s[0], 1, pad), out_size(w, k[1], s[1], 1, pad), c])
    m.g.op(op, [a], [y], "Pool2DOptions", padding=PADDINGS[pad], filterHeight=k[0], filterWidth=k[1], strideH=s[0],
           strideW=s[1], fusedActivationFunction=ACTIVATIONS[act])
    return y


@cases("average_pool_2d", "max_pool_2d")
def pool_cases(c):
    for t in "int8", "float32":
        c.add(t, "2x2", pool, [1, 4, 6, 5])
        c.add(t, "3x3_same_stride_1", pool, [1, 5, 4, 3], (3, 3), (1, 1), "SAME")
        c.add(t, "3x2_same_stride_2x3", pool, [1, 7, 8, 4], (3, 2), (2, 3), "SAME", act="RELU", zp=-60)
        c.add(t, "global", pool, [1, 5, 5, 6], (5, 5), (1, 1), act="RELU6", scale=0.05, zp=-10)
        c.add(t, "batch_2", pool, [2, 5, 5, 3], (3, 3), (2, 2))
    t = "int8"
    c.add(t, "larger_than_input_same", pool, [1, 3, 2, 4], (5, 5), (1, 1), "SAME")
    c.add(t, "height_1", pool, [1, 1, 12, 3], (1, 4), (1, 2))
    c.add(t, "width_1", pool, [1, 11, 1, 3], (4, 1), (3, 1), "SAME")
    c.add(t, "1x1", pool, [1, 3, 4, 5], (1, 1), (1, 1))
    c.add(t, "1x1_stride_2", pool, [1, 5, 5, 5], (1, 1), (2, 2), "SAME")
    c.add(t, "single_element", pool, [1, 1, 1, 1], (1, 1), (1, 1))
    c.add(t, "17_channels", pool, [1, 4, 4, 17], (3, 3), (1, 1))
    c.add(t, "stride_over_window", pool, [1, 8, 7, 2], (2, 1), (3, 2))
    c.add(t, "relu_n1_to_1", pool, [1, 4, 4, 4], act="RELU_N1_TO_1", scale=0.013, zp=5)
    c.add(t, "relu_zp_high", pool, [1, 4, 4, 4], act="RELU", zp=20)
    c.add(t, "25x5_global", pool, [1, 25, 5, 4], (25, 5), (25, 5))
    t = "int16"
    c.add(t, "2x2", pool, [1, 4, 6, 5])
    c.add(t, "3x2_same_stride_2x3", pool, [1, 7, 8, 4], (3, 2), (2, 3), "SAME", act="RELU")
    c.add(t, "global", pool, [1, 5, 5, 6], (5, 5), (1, 1), act="RELU6", scale=0.0003)
    c.add(t, "batch_2", pool, [2, 5, 5, 3], (3, 3), (2, 2))
    c.add(t, "25x5_global", pool, [1, 25, 5, 4], (25, 5), (25, 5))
