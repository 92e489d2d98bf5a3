"""TRANSPOSE_CONV and BATCH_MATMUL."""

import numpy as np

from builder import ACTIVATIONS, PADDINGS
from cases import cases


def transpose_conv(m, x, filters, stride, out, padding="SAME", bias=True, act="NONE", per_channel=True, zp=None):
    """`filters`: [out channels, rows, columns]; `out`: [rows, columns]."""
    a = m.input(x, **m.quant(0.05, zp))
    shape = [*filters, x[3]]
    size = m.constant(np.array([x[0], *out, filters[0]], np.int32))
    if m.quantized:
        scales = m.rng.uniform(2e-3, 2e-2, filters[0] if per_channel else 1)
        w = m.g.tensor(shape, "int8", scales, 0, m.rng.integers(-127, 128, shape), 0)
        b = m.g.tensor([filters[0]], "int32", np.float32(0.05) * np.float32(scales), 0, m.rng.integers(-900, 900, filters[0]), 0)
        y = m.output([x[0], *out, filters[0]], **m.quant(0.1 if act == "NONE" else 0.03, None if act == "NONE" else -128))
    else:
        w = m.g.tensor(shape, "float32", data=m.rng.normal(0, 1, shape))
        b = m.g.tensor([filters[0]], "float32", data=m.rng.normal(0, 1, filters[0]))
        y = m.output([x[0], *out, filters[0]])
    m.g.op("TRANSPOSE_CONV", [size, w, a, *([b] if bias else [])], [y], "TransposeConvOptions",
           version=4 if act != "NONE" else 3 if bias else 2 if m.quantized else 1, padding=PADDINGS[padding], strideH=stride[0],
           strideW=stride[1], **({"fusedActivationFunction": ACTIVATIONS[act]} if act != "NONE" else {}))


@cases("transpose_conv")
def transpose_conv_cases(c):
    for t in "int8", "float32":
        c.add(t, "2x2_stride_2", transpose_conv, [1, 3, 4, 3], [5, 2, 2], (2, 2), (6, 8))
        c.add(t, "3x3_stride_2_same", transpose_conv, [1, 3, 4, 2], [4, 3, 3], (2, 2), (6, 8))
        c.add(t, "3x3_stride_2_valid", transpose_conv, [1, 3, 2, 2], [3, 3, 3], (2, 2), (7, 5), "VALID")
        c.add(t, "4x4_stride_2", transpose_conv, [1, 4, 3, 4], [2, 4, 4], (2, 2), (8, 6))
        c.add(t, "3x3_stride_1", transpose_conv, [1, 4, 5, 2], [3, 3, 3], (1, 1), (4, 5))
        c.add(t, "no_bias", transpose_conv, [1, 3, 3, 2], [3, 3, 3], (2, 2), (5, 5), bias=False)
        c.add(t, "batch", transpose_conv, [2, 2, 3, 2], [3, 3, 2], (2, 1), (4, 3))
        c.add(t, "stride_3_of_2x2", transpose_conv, [1, 3, 2, 1], [2, 2, 2], (3, 3), (8, 5), "VALID")
        c.add(t, "relu", transpose_conv, [1, 3, 3, 2], [3, 3, 3], (2, 2), (6, 6), act="RELU")
        c.add(t, "time_axis", transpose_conv, [1, 5, 1, 3], [4, 4, 1], (2, 1), (10, 1))
    c.add("int8", "per_tensor", transpose_conv, [1, 3, 4, 2], [4, 3, 3], (2, 2), (6, 8), per_channel=False)
    c.add("int8", "zero_point_low", transpose_conv, [1, 3, 4, 2], [4, 3, 3], (2, 2), (6, 8), zp=-128)
    c.add("int8", "5x5_stride_2", transpose_conv, [1, 4, 4, 3], [2, 5, 5], (2, 2), (8, 8))


def batch_matmul(m, a, b, adj=(False, False), const=False):
    x = m.input(a, **m.quant(0.05, None))
    q = m.quant(0.04, None)
    y = m.g.tensor(b, data=m.values(b), **q) if const else m.input(b, **q)
    rows, columns = a[-1 if adj[0] else -2], b[-2 if adj[1] else -1]
    batch = np.broadcast_shapes(tuple(a[:-2]), tuple(b[:-2]))
    m.g.op("BATCH_MATMUL", [x, y], [m.output([*batch, rows, columns], **m.quant(1.1, None))], "BatchMatMulOptions",
           version=2 if m.quantized else 1, adjX=adj[0], adjY=adj[1])


@cases("batch_matmul")
def batch_matmul_cases(c):
    for t in "int8", "float32":
        c.add(t, "rank_3", batch_matmul, [2, 3, 5], [2, 5, 4])
        c.add(t, "rank_2", batch_matmul, [3, 7], [7, 2])
        c.add(t, "adjoint_second", batch_matmul, [2, 3, 5], [2, 4, 5], (False, True))
        c.add(t, "adjoint_first", batch_matmul, [2, 5, 3], [2, 5, 4], (True, False))
        c.add(t, "broadcast", batch_matmul, [2, 1, 3, 4], [1, 3, 4, 2])
        c.add(t, "constant", batch_matmul, [1, 6, 8], [8, 5], const=True)
        c.add(t, "vector", batch_matmul, [1, 1, 9], [1, 9, 1])
