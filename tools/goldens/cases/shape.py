"""Operators that look at shapes only: RESHAPE, SQUEEZE, EXPAND_DIMS, SHAPE."""

import numpy as np

from builder import schema
from cases import cases


def reshape(m, x, shape, how="both"):
    """`how`: the new shape in the options, in a constant tensor, or in both."""
    a = m.input(x)
    m.g.output(reshape_on(m, a, shape, how))


def reshape_on(m, a, shape, how="both"):
    """Appends a RESHAPE; one size may be -1."""
    known = -int(np.prod(shape)) if -1 in shape else 1
    y = m.like(a, [int(np.prod(a.shape)) // known if d == -1 else d for d in shape])
    inputs = [a] if how == "options" else [a, m.constant(np.array(shape, np.int32))]
    fields = {} if how == "tensor" else {"newShape": np.array(shape, np.int32)}
    m.g.op("RESHAPE", inputs, [y], *(["ReshapeOptions"] if fields else []), **fields)
    return y


@cases("reshape")
def reshape_cases(c):
    for t in "int8", "float32":
        c.add(t, "flatten", reshape, [1, 3, 4, 5], [1, 60])
        c.add(t, "minus_1", reshape, [2, 3, 4], [-1, 6], "tensor")
        c.add(t, "options_only", reshape, [1, 12], [1, 2, 2, 3], "options")
        c.add(t, "rank_up", reshape, [24], [1, 2, 3, 4])
        c.add(t, "same", reshape, [1, 2, 3], [1, 2, 3])
    t = "int8"
    c.add(t, "to_rank_1", reshape, [1, 2, 3, 4], [24])
    c.add(t, "minus_1_in_options", reshape, [1, 2, 3, 4], [-1, 4], "options")
    c.add(t, "minus_1_middle", reshape, [2, 3, 8], [2, -1, 4], "both")
    c.add(t, "minus_1_is_1", reshape, [2, 5], [-1, 2, 5], "tensor")
    c.add(t, "drop_ones", reshape, [1, 1, 7, 1], [7], "tensor")
    c.add(t, "single_element", reshape, [1], [1, 1, 1, 1])
    c.add(t, "to_scalar", reshape, [1, 1], [], "tensor")
    c.add(t, "rank_5", reshape, [2, 12], [1, 2, 3, 2, 2])
    c.add(t, "regroup_channels", reshape, [1, 4, 3, 2], [1, 2, 3, 4])
    c.add("int16", "flatten", reshape, [1, 3, 4, 5], [1, 60])


def squeeze(m, x, dims, shape):
    a = m.input(x)
    y = m.g.output(m.like(a, shape))
    m.g.op("SQUEEZE", [a], [y], "SqueezeOptions", squeezeDims=np.array(dims, np.int32))


@cases("squeeze")
def squeeze_cases(c):
    for t in "int8", "float32":
        c.add(t, "spatial", squeeze, [1, 1, 1, 9], [1, 2], [1, 9])
        c.add(t, "all", squeeze, [1, 3, 1, 4], [], [3, 4])
        c.add(t, "negative", squeeze, [2, 3, 1], [-1], [2, 3])
        c.add(t, "first", squeeze, [1, 5, 2], [0], [5, 2])
        c.add(t, "mixed", squeeze, [1, 4, 1, 1, 2], [0, -2], [4, 1, 2])
    t = "int8"
    c.add(t, "one_of_two", squeeze, [1, 1, 6], [1], [1, 6])
    c.add(t, "repeated", squeeze, [1, 1, 6], [1, -2], [1, 6])
    c.add(t, "single_element_kept", squeeze, [1, 1], [0], [1])
    c.add(t, "to_scalar", squeeze, [1, 1], [], [])
    c.add(t, "nothing_to_do", squeeze, [2, 3], [], [2, 3])


def expand_dims(m, x, axis, axis_shape=()):
    a = m.input(x)
    at = axis + len(x) + 1 if axis < 0 else axis
    y = m.g.output(m.like(a, [*x[:at], 1, *x[at:]]))
    m.g.op("EXPAND_DIMS", [a, m.constant(np.full(axis_shape, axis, np.int32))], [y], "ExpandDimsOptions")


@cases("expand_dims")
def expand_dims_cases(c):
    for t in "int8", "float32":
        c.add(t, "first", expand_dims, [3, 4], 0)
        c.add(t, "middle", expand_dims, [3, 4, 2], 1)
        c.add(t, "last", expand_dims, [3, 4], 2)
        c.add(t, "minus_1", expand_dims, [1, 3, 4], -1)
        c.add(t, "minus_3", expand_dims, [2, 5], -3)
    t = "int8"
    c.add(t, "rank_1", expand_dims, [9], 0)
    c.add(t, "axis_of_rank_1", expand_dims, [2, 7], 1, (1,))
    c.add(t, "single_element", expand_dims, [1], 1)
    c.add(t, "rank_4_to_5", expand_dims, [1, 2, 3, 2], -2)


def shape_plain(m, x):
    a = m.input(x)
    m.g.op("SHAPE", [a], [m.output([len(x)], dtype="int32")], "ShapeOptions", outType=schema.TensorType.INT32)


def shape_to_reshape(m, x, other):
    """The shape of one input is the other input's new shape."""
    a, b = m.input(x), m.input(other)
    s = m.g.tensor([len(x)], "int32")
    m.g.op("SHAPE", [a], [s], "ShapeOptions", outType=schema.TensorType.INT32)
    m.g.op("RESHAPE", [b, s], [m.g.output(m.like(b, x))])


def shape_batch_reshape(m, x, rest):
    """What exporters write for a flatten with a batch of any size: SHAPE, STRIDED_SLICE, PACK, RESHAPE."""
    a = m.input(x)
    s, n, packed = m.g.tensor([len(x)], "int32"), m.g.tensor([], "int32"), m.g.tensor([1 + len(rest)], "int32")
    m.g.op("SHAPE", [a], [s], "ShapeOptions", outType=schema.TensorType.INT32)
    m.g.op("STRIDED_SLICE", [s, m.constant([0]), m.constant([1]), m.constant([1])], [n], "StridedSliceOptions",
           shrinkAxisMask=1)
    sizes = [m.constant(np.int32(d)) for d in rest]
    m.g.op("PACK", [n, *sizes], [packed], "PackOptions", valuesCount=1 + len(rest), axis=0)
    sizes = [x[0], *[int(np.prod(x[1:])) // int(np.prod([d for d in rest if d > 0])) if d == -1 else d for d in rest]]
    m.g.op("RESHAPE", [a, packed], [m.g.output(m.like(a, sizes))])


@cases("shape")
def shape_cases(c):
    for t in "int8", "float32":
        c.add(t, "rank_4", shape_plain, [1, 3, 4, 5])
        c.add(t, "rank_1", shape_plain, [7])
        c.add(t, "to_reshape", shape_to_reshape, [2, 3, 4], [24])
        c.add(t, "batch_flatten", shape_batch_reshape, [2, 3, 4], [12])
        c.add(t, "batch_flatten_minus_1", shape_batch_reshape, [1, 2, 3, 4], [-1])
    t = "int8"
    c.add(t, "rank_5", shape_plain, [1, 2, 1, 3, 2])
    c.add(t, "single_element", shape_plain, [1, 1, 1, 1])
    c.add(t, "batch_split_channels", shape_batch_reshape, [1, 3, 8], [3, 2, 4])
