"""More operators that move values: TILE, BROADCAST_TO, FILL, REVERSE_V2, MIRROR_PAD, blocks of pixels, GATHER, GATHER_ND,
CAST, ONE_HOT, RANGE."""

import numpy as np

from builder import schema
from cases import cases


def with_constants(m, x, shape, options, *constants, **fields):
    """One input, then int32 constants; the output is like the input."""
    a = m.input(x)
    y = m.g.output(m.like(a, shape))
    m.g.op(m.op, [a, *(m.constant(np.array(k, np.int32)) for k in constants)], [y], options, **fields)


def tile(m, x, multiples):
    with_constants(m, x, [d * k for d, k in zip(x, multiples)], "TileOptions", multiples)


@cases("tile")
def tile_cases(c):
    for t in "int8", "float32", "int32", "bool":
        c.add(t, "rank_2", tile, [2, 3], [2, 1])
        c.add(t, "rank_4", tile, [1, 2, 3, 4], [1, 2, 1, 3])
    for t in "int8", "float32":
        c.add(t, "columns", tile, [1, 3, 2, 5], [1, 1, 4, 1])
        c.add(t, "once", tile, [2, 3], [1, 1])
        c.add(t, "rank_1", tile, [5], [3])
        c.add(t, "every", tile, [2, 2, 3], [2, 3, 2])


def broadcast_to(m, x, shape):
    with_constants(m, x, shape, "BroadcastToOptions", shape)


@cases("broadcast_to")
def broadcast_to_cases(c):
    for t in "int8", "float32", "int32":
        c.add(t, "channels", broadcast_to, [5], [1, 3, 4, 5])
        c.add(t, "column", broadcast_to, [1, 3, 1, 1], [1, 3, 4, 5])
        c.add(t, "scalar", broadcast_to, [1], [2, 7])
        c.add(t, "same", broadcast_to, [2, 3], [2, 3])


def fill(m, shape):
    a = m.input([])
    m.g.op("FILL", [m.constant(np.array(shape, np.int32)), a], [m.g.output(m.like(a, shape))], "FillOptions")


@cases("fill")
def fill_cases(c):
    for t in "int8", "float32", "int32":
        c.add(t, "rank_4", fill, [1, 2, 3, 5])
        c.add(t, "rank_1", fill, [7])


def reverse(m, x, axes):
    with_constants(m, x, x, "ReverseV2Options", axes)


@cases("reverse_v2")
def reverse_cases(c):
    for t in "float32", "int32", "bool":
        c.add(t, "channels", reverse, [1, 3, 4, 5], [3])
        c.add(t, "rows", reverse, [1, 3, 4, 5], [1])
    c.add("float32", "two", reverse, [1, 3, 4, 5], [1, 2])
    c.add("float32", "negative", reverse, [2, 6], [-1])
    c.add("float32", "rank_1", reverse, [9], [0])


def mirror_pad(m, x, pads, mode):
    with_constants(m, x, [d + lo + hi for d, (lo, hi) in zip(x, pads)], "MirrorPadOptions", pads,
                   mode=getattr(schema.MirrorPadMode, mode))


@cases("mirror_pad")
def mirror_pad_cases(c):
    for t in "int8", "float32":
        for mode in "REFLECT", "SYMMETRIC":
            c.add(t, f"{mode.lower()}_spatial", mirror_pad, [1, 3, 4, 3], [(0, 0), (1, 2), (2, 1), (0, 0)], mode)
            c.add(t, f"{mode.lower()}_rank_2", mirror_pad, [3, 4], [(1, 0), (0, 2)], mode)
            c.add(t, f"{mode.lower()}_nothing", mirror_pad, [2, 3], [(0, 0), (0, 0)], mode)
    c.add("int8", "symmetric_full", mirror_pad, [1, 3, 2, 2], [(0, 0), (3, 3), (2, 2), (0, 0)], "SYMMETRIC")
    c.add("int8", "reflect_channels", mirror_pad, [1, 2, 2, 4], [(0, 0), (0, 0), (0, 0), (3, 1)], "REFLECT")
    c.add("int8", "reflect_every", mirror_pad, [2, 2, 3], [(1, 1), (1, 0), (2, 2)], "REFLECT")
    c.add("int32", "reflect_rank_1", mirror_pad, [5], [(2, 3)], "REFLECT")


def depth(m, x, b):
    n, h, w, k = x
    shape = [n, h // b, w // b, k * b * b] if m.op == "SPACE_TO_DEPTH" else [n, h * b, w * b, k // (b * b)]
    with_constants(m, x, shape, "SpaceToDepthOptions" if m.op == "SPACE_TO_DEPTH" else "DepthToSpaceOptions", blockSize=b)


@cases("space_to_depth", "depth_to_space")
def depth_cases(c):
    for t in "int8", "float32":
        if c.op == "space_to_depth":
            c.add(t, "2", depth, [1, 4, 6, 3], 2)
            c.add(t, "3_batch", depth, [2, 3, 6, 1], 3)
        else:
            c.add(t, "2", depth, [1, 2, 3, 12], 2)
            c.add(t, "3_batch", depth, [2, 1, 2, 9], 3)
    c.add("int8", "1", depth, [1, 2, 3, 4], 1) if c.op == "depth_to_space" else c.add("int8", "4", depth, [1, 4, 4, 2], 4)


def batch(m, x, block, border):
    n, spatial = x[0], x[1:1 + len(block)]
    parts = int(np.prod(block))
    if m.op == "SPACE_TO_BATCH_ND":
        shape = [n * parts, *((d + lo + hi) // b for d, b, (lo, hi) in zip(spatial, block, border)), *x[1 + len(block):]]
    else:
        shape = [n // parts, *(d * b - lo - hi for d, b, (lo, hi) in zip(spatial, block, border)), *x[1 + len(block):]]
    with_constants(m, x, shape, "SpaceToBatchNDOptions" if m.op == "SPACE_TO_BATCH_ND" else "BatchToSpaceNDOptions", block,
                   border)


@cases("space_to_batch_nd")
def space_to_batch_cases(c):
    for t in "int8", "float32":
        c.add(t, "2x2", batch, [1, 4, 6, 3], [2, 2], [(0, 0), (0, 0)])
        c.add(t, "padded", batch, [1, 5, 4, 2], [2, 3], [(1, 2), (2, 0)])
        c.add(t, "batch", batch, [2, 4, 2, 1], [2, 1], [(2, 2), (0, 0)])
        c.add(t, "rank_3", batch, [1, 6, 5], [3], [(1, 2)])
    c.add("int8", "only_padding", batch, [1, 1, 1, 2], [3, 2], [(2, 3), (1, 2)])


@cases("batch_to_space_nd")
def batch_to_space_cases(c):
    for t in "int8", "float32":
        c.add(t, "2x2", batch, [4, 2, 3, 3], [2, 2], [(0, 0), (0, 0)])
        c.add(t, "cropped", batch, [6, 4, 2, 2], [2, 3], [(1, 2), (2, 0)])
        c.add(t, "batch", batch, [4, 4, 2, 1], [2, 1], [(2, 2), (0, 0)])
        c.add(t, "rank_3", batch, [3, 3, 5], [3], [(1, 2)])


def gather(m, x, indices, axis=0, batch_dims=0, values=None, index="int32"):
    """`indices`: a shape to draw as an input, or `values` as a constant."""
    a = m.input(x)
    if values is None:
        i = m.input(indices, lambda run: m.rng.integers(0, x[axis], indices), dtype=index)
    else:
        i = m.constant(np.array(values, index), index)
    shape = [*x[:axis], *i.shape[batch_dims:], *x[axis + 1:]]
    m.g.op("GATHER", [a, i], [m.g.output(m.like(a, shape))], "GatherOptions", axis=axis, batchDims=batch_dims)


def embedding(m):
    i = m.input([1, 6], lambda run: m.rng.integers(0, 9, [1, 6]), dtype="int32")
    q = m.quant()
    table = m.g.tensor([9, 5], data=m.values([9, 5]), **q)
    m.g.op("GATHER", [table, i], [m.output([1, 6, 5], **q)], "GatherOptions", axis=0)


@cases("gather")
def gather_cases(c):
    for t in "int8", "float32", "int32", "bool":
        c.add(t, "rows", gather, [5, 3], [4])
        c.add(t, "constant", gather, [1, 6, 4], None, 1, values=[3, 4, 5, 0, 0])
    for t in "int8", "float32":
        c.add(t, "channels", gather, [1, 3, 2, 7], [2, 2], 3)
        c.add(t, "batched", gather, [2, 5, 3], [2, 4], 1, 1)
        c.add(t, "embedding", embedding)
        c.add(t, "constant_channels", gather, [1, 2, 3, 8], None, 3, values=[7, 6, 5, 0, 1, 2])
        c.add(t, "constant_many", gather, [40, 3], None, 0, values=list(range(39, 0, -2)) + [7] * 9)
        c.add(t, "constant_scalar", gather, [4, 3], None, 0, values=2)
        c.add(t, "constant_int64", gather, [4, 3], None, 0, values=[2, 0], index="int64")


def gather_nd(m, x, indices, values=None):
    a = m.input(x)
    if values is None:
        k = indices[-1]
        i = m.input(indices, lambda run: np.stack([m.rng.integers(0, x[d], indices[:-1]) for d in range(k)], -1), dtype="int32")
    else:
        i = m.constant(np.array(values, np.int32))
    m.g.op("GATHER_ND", [a, i], [m.g.output(m.like(a, [*i.shape[:-1], *x[i.shape[-1]:]]))], "GatherNdOptions")


@cases("gather_nd")
def gather_nd_cases(c):
    for t in "int8", "float32", "int32":
        c.add(t, "elements", gather_nd, [3, 4], [5, 2])
        c.add(t, "slices", gather_nd, [3, 4, 2], [2, 3, 1])
        c.add(t, "constant", gather_nd, [3, 4, 5], None, [[0, 1], [2, 3], [1, 1]])


def cast(m, source, target, shape):
    draw = None
    if source == "float32":
        low = 0 if target in ("uint8",) else -100
        draw = lambda run: np.where(m.rng.random(shape) < 0.2, 0, m.rng.uniform(low, 100, shape))
    if source == "int32":
        draw = lambda run: m.rng.integers(-70000, 70000, shape) * m.rng.integers(0, 2, shape)
    a = m.input(shape, draw, dtype=source)
    types = schema.TensorType
    word = lambda t: getattr(types, t.upper())
    m.g.op("CAST", [a], [m.output(shape, dtype=target)], "CastOptions", inDataType=word(source), outDataType=word(target))


@cases("cast")
def cast_cases(c):
    types = ["float32", "int32", "int16", "int8", "uint8", "bool"]
    for source in types:
        for target in types:
            if source != target and not (source == "bool" and target == "int16"):
                c.add(source, f"to_{target}", cast, source, target, [1, 3, 2, 5], runs=2)


def one_hot(m, indices, depth, axis=-1):
    a = m.input(indices, lambda run: m.rng.integers(-1, depth + 1, indices), dtype="int32")
    q = m.quant()
    on, off = ([3], [-7]) if m.dtype != "bool" else ([True], [False])
    values = [m.g.tensor([], data=np.array(v).reshape([]), **q) for v in (on, off)]
    shape = list(indices)
    shape.insert(axis if axis >= 0 else len(shape), depth)
    m.g.op("ONE_HOT", [a, m.constant(np.array(depth, np.int32)), *values], [m.output(shape, **q)], "OneHotOptions", axis=axis)


@cases("one_hot")
def one_hot_cases(c):
    for t in "float32", "int32", "int8", "bool":
        c.add(t, "last", one_hot, [2, 3], 5)
        c.add(t, "middle", one_hot, [2, 3], 4, 1)
    c.add("float32", "first", one_hot, [6], 3, 0)


def range_of(m, start, limit, delta, count):
    """Numbers alone would be a model without inputs: they are added to one."""
    ends = [m.constant(np.array(k, m.dtype), m.dtype) for k in (start, limit, delta)]
    numbers = m.g.tensor([count], m.dtype)
    m.g.op("RANGE", ends, [numbers], "RangeOptions")
    a = m.input([count], (lambda run: m.rng.integers(-9, 9, [count])) if m.dtype == "int32" else None)
    m.g.op("ADD", [a, numbers], [m.output([count])], "AddOptions")


@cases("range")
def range_cases(c):
    c.add("int32", "up", range_of, 2, 17, 3, 5)
    c.add("int32", "down", range_of, 5, -4, -2, 5)
    c.add("float32", "up", range_of, -1.5, 2.0, 0.25, 14)
    c.add("float32", "down", range_of, 3.0, 0.0, -0.7, 5)
