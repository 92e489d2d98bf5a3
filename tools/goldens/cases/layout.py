"""Operators that move values: TRANSPOSE, PAD, PADV2, CONCATENATION, SPLIT, SPLIT_V, PACK, UNPACK, SLICE, STRIDED_SLICE."""

import numpy as np

from cases import cases


def transpose(m, x, perm):
    a = m.input(x)
    y = m.g.output(m.like(a, [x[p] for p in perm]))
    m.g.op("TRANSPOSE", [a, m.constant(np.array(perm, np.int32))], [y], "TransposeOptions")


@cases("transpose")
def transpose_cases(c):
    for t in "int8", "float32":
        c.add(t, "10", transpose, [3, 5], [1, 0])
        c.add(t, "021", transpose, [2, 3, 5], [0, 2, 1])
        c.add(t, "0312", transpose, [1, 3, 4, 5], [0, 3, 1, 2])
        c.add(t, "0231", transpose, [1, 5, 3, 4], [0, 2, 3, 1])
        c.add(t, "identity", transpose, [2, 3, 4], [0, 1, 2])
    t = "int8"
    for perm in [(1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]:
        c.add(t, "".join(map(str, perm)), transpose, [2, 3, 4], perm)
    for perm in [(0, 2, 1, 3), (3, 2, 1, 0), (1, 0, 3, 2), (0, 1, 3, 2), (2, 3, 0, 1)]:
        c.add(t, "".join(map(str, perm)), transpose, [2, 3, 2, 5], perm)
    c.add(t, "ones", transpose, [1, 1, 7, 1], [0, 2, 1, 3])
    c.add(t, "single_element", transpose, [1, 1, 1, 1], [3, 2, 1, 0])
    c.add(t, "rank_1", transpose, [6], [0])
    c.add(t, "rank_5", transpose, [2, 1, 3, 2, 2], [4, 2, 0, 1, 3])
    c.add("int16", "0312", transpose, [1, 3, 4, 5], [0, 3, 1, 2])
    c.add("int16", "021", transpose, [2, 3, 5], [0, 2, 1])


def pad(m, x, pads, value=None):
    """PAD, or PADV2 with `value` as the constant."""
    a = m.input(x)
    y = m.g.output(m.like(a, [d + lo + hi for d, (lo, hi) in zip(x, pads)]))
    inputs = [a, m.constant(np.array(pads, np.int32))]
    if m.op == "PADV2":
        inputs.append(m.g.tensor([1], a.dtype, a.scale, a.zero_point, data=[value]))
    m.g.op(m.op, inputs, [y], "PadOptions" if m.op == "PAD" else "PadV2Options")


@cases("pad", "padv2")
def pad_cases(c):
    def add(t, hint, x, pads, value):
        c.add(t, hint, pad, x, pads, *([value] if c.op == "padv2" else []))

    for t in "int8", "float32":
        add(t, "spatial", [1, 3, 4, 3], [(0, 0), (1, 1), (1, 1), (0, 0)], 5)
        add(t, "rank_2", [3, 4], [(1, 0), (0, 2)], -7)
        add(t, "rank_3", [2, 3, 4], [(0, 1), (2, 0), (1, 1)], 100)
        add(t, "below_right_only", [1, 4, 4, 2], [(0, 0), (0, 1), (0, 1), (0, 0)], -1)
        add(t, "nothing", [1, 3, 2, 2], [(0, 0)] * 4, 3)
    t = "int8"
    add(t, "channels", [1, 2, 3, 3], [(0, 0), (0, 0), (0, 0), (2, 3)], 127)
    add(t, "every_axis", [1, 2, 2, 2], [(1, 1), (1, 0), (0, 2), (1, 1)], -128)
    add(t, "rank_1", [5], [(2, 3)], 0)
    add(t, "top_only", [1, 3, 5, 2], [(0, 0), (3, 0), (0, 0), (0, 0)], 11)
    add(t, "wide_border", [1, 1, 1, 2], [(0, 0), (4, 4), (5, 5), (0, 0)], 42)
    add(t, "single_element", [1, 1, 1, 1], [(0, 0), (1, 0), (0, 1), (0, 0)], -50)
    add(t, "time_axis", [1, 1, 9, 4], [(0, 0), (0, 0), (3, 0), (0, 0)], 64)
    add(t, "rank_5", [1, 2, 2, 2, 2], [(0, 0), (1, 0), (0, 0), (0, 1), (1, 0)], -9)
    add("int16", "spatial", [1, 3, 4, 3], [(0, 0), (1, 1), (1, 1), (0, 0)], -3000)
    add("int16", "channels", [1, 2, 3, 3], [(0, 0), (0, 0), (0, 0), (2, 3)], 127)


def concatenation(m, shapes, axis, quants=None, out=None, constant=None):
    q = m.quant()
    quants = [m.quant(*p) for p in quants] if quants else [q] * len(shapes)
    parts = [m.g.tensor(s, data=m.values(s), **p) if i == constant else m.input(s, **p)
             for i, (s, p) in enumerate(zip(shapes, quants))]
    shape = list(shapes[0])
    shape[axis] = sum(s[axis] for s in shapes)
    y = m.output(shape, **(m.quant(*out) if out else quants[0]))
    m.g.op("CONCATENATION", parts, [y], "ConcatenationOptions", axis=axis)


def same_input_twice(m):
    a = m.input([1, 3, 4])
    m.g.op("CONCATENATION", [a, a], [m.g.output(m.like(a, [1, 3, 8]))], "ConcatenationOptions", axis=2)


@cases("concatenation")
def concatenation_cases(c):
    for t in "int8", "float32":
        c.add(t, "channels", concatenation, [[1, 3, 4, 3], [1, 3, 4, 5]], 3)
        c.add(t, "rows", concatenation, [[1, 2, 4, 3], [1, 3, 4, 3]], 1)
        c.add(t, "columns_of_3", concatenation, [[1, 3, 1, 2], [1, 3, 2, 2], [1, 3, 4, 2]], 2)
        c.add(t, "rank_2_negative", concatenation, [[2, 5], [2, 3]], -1)
        c.add(t, "batch", concatenation, [[1, 2, 3], [2, 2, 3]], 0)
    t = "int8"
    c.add(t, "4_inputs", concatenation, [[1, 2, 2, n] for n in (1, 2, 3, 4)], -1)
    c.add(t, "rank_1", concatenation, [[5], [7], [1]], 0)
    c.add(t, "constant_second", concatenation, [[1, 2, 3, 4], [1, 2, 3, 2]], 3, constant=1)
    c.add(t, "constant_first", concatenation, [[1, 2, 3, 1], [1, 2, 3, 2]], 3, constant=0)
    c.add(t, "one_input", concatenation, [[1, 2, 3, 4]], 3)
    c.add(t, "single_elements", concatenation, [[1, 1, 1, 1], [1, 1, 1, 1]], 1)
    c.add(t, "negative_2", concatenation, [[1, 3, 2, 4], [1, 3, 5, 4]], -2)
    c.add(t, "40_channels", concatenation, [[1, 1, 2, 17], [1, 1, 2, 23]], 3)
    c.add(t, "same_input_twice", same_input_twice)
    c.add("int16", "channels", concatenation, [[1, 3, 4, 3], [1, 3, 4, 5]], 3)
    c.add("int16", "rows", concatenation, [[1, 2, 4, 3], [1, 3, 4, 3]], 1)


def split(m, x, axis, parts, axis_shape=()):
    a = m.input(x)
    shape = list(x)
    shape[axis] //= parts
    ys = [m.g.output(m.like(a, shape)) for _ in range(parts)]
    m.g.op("SPLIT", [m.constant(np.full(axis_shape, axis, np.int32)), a], ys, "SplitOptions", numSplits=parts)


@cases("split")
def split_cases(c):
    for t in "int8", "float32":
        c.add(t, "channels", split, [1, 3, 4, 6], 3, 2)
        c.add(t, "rows", split, [1, 6, 3, 2], 1, 3)
        c.add(t, "negative", split, [2, 8], -1, 4)
        c.add(t, "columns", split, [1, 2, 4, 3], 2, 2)
        c.add(t, "batch", split, [2, 5], 0, 2)
    t = "int8"
    c.add(t, "rank_1", split, [12], 0, 3)
    c.add(t, "to_ones", split, [1, 2, 5], 2, 5)
    c.add(t, "one_part", split, [1, 2, 5], 2, 1)
    c.add(t, "axis_of_rank_1", split, [3, 4], 1, 2, (1,))
    c.add(t, "negative_3", split, [1, 4, 3, 2], -3, 2)
    c.add("int16", "channels", split, [1, 3, 4, 6], 3, 2)


def split_v(m, x, sizes, axis):
    a = m.input(x)
    known = sum(s for s in sizes if s > 0)
    ys = []
    for size in sizes:
        shape = list(x)
        shape[axis] = x[axis] - known if size == -1 else size
        ys.append(m.g.output(m.like(a, shape)))
    m.g.op("SPLIT_V", [a, m.constant(np.array(sizes, np.int32)), m.constant(np.int32(axis))], ys, "SplitVOptions",
           numSplits=len(sizes))


@cases("split_v")
def split_v_cases(c):
    for t in "int8", "float32":
        c.add(t, "channels", split_v, [1, 3, 4, 6], [1, 3, 2], 3)
        c.add(t, "rows", split_v, [1, 6, 3, 2], [4, 2], 1)
        c.add(t, "negative_axis", split_v, [2, 9], [2, 7], -1)
        c.add(t, "minus_1", split_v, [1, 2, 10], [3, -1, 2], 2)
        c.add(t, "batch", split_v, [3, 4], [1, 2], 0)
    t = "int8"
    c.add(t, "rank_1", split_v, [12], [5, 1, 6], 0)
    c.add(t, "one_part", split_v, [1, 7], [7], 1)
    c.add(t, "minus_1_first", split_v, [1, 3, 7, 2], [-1, 2], 2)
    c.add(t, "four_parts", split_v, [1, 2, 20], [1, 8, 4, 7], -1)


def pack(m, x, count, axis, constant=None):
    q = m.quant()
    parts = [m.g.tensor(x, data=m.values(x), **q) if i == constant else m.input(x, **q) for i in range(count)]
    at = axis + len(x) + 1 if axis < 0 else axis
    y = m.output([*x[:at], count, *x[at:]], **q)
    m.g.op("PACK", parts, [y], "PackOptions", valuesCount=count, axis=axis)


def unpack(m, x, axis):
    a = m.input(x)
    at = axis % len(x)
    ys = [m.g.output(m.like(a, [*x[:at], *x[at + 1:]])) for _ in range(x[at])]
    m.g.op("UNPACK", [a], ys, "UnpackOptions", num=x[at], axis=axis)


@cases("pack")
def pack_cases(c):
    for t in "int8", "float32":
        c.add(t, "first", pack, [3, 4], 2, 0)
        c.add(t, "middle", pack, [2, 3, 4], 3, 1)
        c.add(t, "last", pack, [3, 5], 2, 2)
        c.add(t, "negative", pack, [3, 5], 2, -1)
        c.add(t, "rank_1", pack, [6], 4, 0)
    t = "int8"
    c.add(t, "one", pack, [2, 3], 1, 1)
    c.add(t, "scalars", pack, [], 3, 0)
    c.add(t, "single_elements", pack, [1], 3, 1)
    c.add(t, "constant", pack, [2, 4], 3, 1, constant=1)
    c.add(t, "negative_2", pack, [2, 3, 4], 2, -2)
    c.add("int16", "middle", pack, [2, 3, 4], 3, 1)


@cases("unpack")
def unpack_cases(c):
    for t in "int8", "float32":
        c.add(t, "first", unpack, [2, 3, 4], 0)
        c.add(t, "middle", unpack, [2, 3, 4], 1)
        c.add(t, "last", unpack, [3, 5, 2], 2)
        c.add(t, "negative", unpack, [4, 3], -1)
        c.add(t, "rank_4", unpack, [1, 3, 2, 4], 1)
    t = "int8"
    c.add(t, "one", unpack, [1, 6], 0)
    c.add(t, "to_scalars", unpack, [4], 0)
    c.add(t, "negative_2", unpack, [2, 3, 4], -2)
    c.add(t, "single_element", unpack, [1, 1], 1)
    c.add("int16", "middle", unpack, [2, 3, 4], 1)


def slice_(m, x, begin, size):
    a = m.input(x)
    y = m.g.output(m.like(a, [d - b if s == -1 else s for d, b, s in zip(x, begin, size)]))
    m.g.op("SLICE", [a, m.constant(np.array(begin, np.int32)), m.constant(np.array(size, np.int32))], [y], "SliceOptions")


@cases("slice")
def slice_cases(c):
    for t in "int8", "float32":
        c.add(t, "rank_4", slice_, [1, 4, 5, 6], [0, 1, 2, 1], [1, 2, 2, 4])
        c.add(t, "minus_1", slice_, [2, 5, 4], [0, 2, 1], [-1, -1, 2])
        c.add(t, "all", slice_, [3, 4], [0, 0], [-1, -1])
        c.add(t, "channels", slice_, [1, 3, 3, 8], [0, 0, 0, 4], [-1, -1, -1, 4])
        c.add(t, "rows", slice_, [1, 6, 3, 2], [0, 2, 0, 0], [1, 3, 3, 2])
    t = "int8"
    c.add(t, "rank_1", slice_, [12], [3], [5])
    c.add(t, "rank_2", slice_, [5, 7], [1, 3], [3, 2])
    c.add(t, "one_value", slice_, [1, 3, 4, 5], [0, 2, 1, 4], [1, 1, 1, 1])
    c.add(t, "single_element", slice_, [1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1])
    c.add(t, "rank_5", slice_, [2, 2, 3, 2, 3], [1, 0, 1, 0, 1], [1, 2, 2, 1, 2])
    c.add(t, "columns", slice_, [1, 2, 9, 2], [0, 0, 5, 0], [-1, -1, -1, -1])
    c.add("int16", "rank_4", slice_, [1, 4, 5, 6], [0, 1, 2, 1], [1, 2, 2, 4])


def strided_slice(m, x, begin, end, strides, shape, **masks):
    """`shape` is the expected one; the reference checks it."""
    a = m.input(x)
    y = m.g.output(m.like(a, shape))
    m.g.op("STRIDED_SLICE", [a, *(m.constant(np.array(v, np.int32)) for v in (begin, end, strides))], [y],
           "StridedSliceOptions", **masks)


@cases("strided_slice")
def strided_slice_cases(c):
    def add(t, hint, x, index, **masks):
        """`index` as numpy would write it, integers for shrunk axes; masks follow from it unless given."""
        begin, end, strides, shrink, begin_mask, end_mask = [], [], [], 0, 0, 0
        for i, s in enumerate(index):
            if isinstance(s, int):
                begin.append(s), end.append(s + 1), strides.append(1)
                shrink |= 1 << i
                continue
            begin.append(s.start or 0), end.append(s.stop or 0), strides.append(s.step or 1)
            begin_mask |= (s.start is None) << i
            end_mask |= (s.stop is None) << i
        given = {"beginMask": begin_mask, "endMask": end_mask, "shrinkAxisMask": shrink}
        c.add(t, hint, strided_slice, x, begin, end, strides, np.empty(x)[tuple(index)].shape, **given, **masks)

    s = slice
    for t in "int8", "float32":
        add(t, "spatial_step_2", [1, 6, 7, 3], [s(0, 1), s(0, 6, 2), s(1, 7, 2), s(0, 3)])
        add(t, "negative_step", [2, 5, 3], [s(None), s(None, None, -1), s(None)])
        add(t, "shrink", [2, 3, 4], [s(None), 1, s(None)])
        add(t, "open_ends", [4, 6], [s(1, None), s(None, 4)])
        add(t, "negative_ends", [5, 8], [s(-4, -1), s(-6, None, 2)])
    t = "int8"
    add(t, "negative_step_2", [9], [s(7, 0, -2)])
    add(t, "negative_step_open", [4, 5], [s(3, None, -1), s(None, 1, -2)])
    add(t, "step_over_range", [7, 2], [s(2, 6, 10), s(None)])
    add(t, "end_past_range", [5, 3], [s(2, 100), s(-100, 2)])
    add(t, "shrink_first_and_last", [3, 4, 5], [2, s(1, 3), 0])
    add(t, "shrink_negative", [3, 4], [s(None), -2])
    add(t, "shrink_all", [3, 4], [1, 2])
    add(t, "fewer_than_rank", [3, 4, 2], [s(1, 3)])
    add(t, "channels_step_2", [1, 2, 3, 8], [s(None), s(None), s(None), s(1, None, 2)])
    add(t, "flip_both", [1, 3, 4, 2], [s(None), s(None, None, -1), s(None, None, -1), s(None)])
    add(t, "single_element", [1, 1, 1, 1], [s(None), s(0, 1), s(None), s(None)])
    add(t, "rank_5", [1, 2, 3, 4, 2], [s(None), s(1, 2), s(None, None, 2), s(1, 4), s(None)])
    c.add(t, "ellipsis", strided_slice, [2, 3, 4], [0, 1], [0, 3], [1, 1], [2, 3, 2], ellipsisMask=1)
    c.add(t, "ellipsis_middle", strided_slice, [2, 3, 2, 4], [1, 0, 0], [2, 0, 4], [1, 1, 2], [1, 3, 2, 2], ellipsisMask=2)
    c.add(t, "new_axis", strided_slice, [3, 4], [0, 0, 1], [0, 3, 3], [1, 1, 1], [1, 3, 2], newAxisMask=1)
    c.add(t, "new_axis_last", strided_slice, [3, 4], [0, 1, 0], [3, 4, 0], [2, 1, 1], [2, 3, 1], newAxisMask=4)
    c.add(t, "new_axis_and_shrink", strided_slice, [3, 4], [0, 1, 1], [0, 2, 4], [1, 1, 1], [1, 3], newAxisMask=1,
          shrinkAxisMask=2)
    add("int16", "spatial_step_2", [1, 6, 7, 3], [s(0, 1), s(0, 6, 2), s(1, 7, 2), s(0, 3)])
    add("int16", "negative_step", [2, 5, 3], [s(None), s(None, None, -1), s(None)])
