"""Layers that remember: runs are one sequence, each going on from the states that the one before it left."""

import numpy as np

from builder import schema
from cases import cases

ACTIVATION = schema.ActivationFunctionType


def svdf(m, depth, units, rank, memory, batches=1, bias=True, activation="NONE", ratio=None, out_scale=None, zero_point=None,
         extreme=False):
    m.sequence = True
    filters = units * rank
    integer = m.dtype == "int8"
    if integer:
        activation = "RELU"  # demanded, and not applied
    x = m.input([batches, depth], **m.quant(zero_point=zero_point))
    bits = 127 if integer else 1
    draw = lambda shape, most, dtype, scale: m.g.tensor(
        shape, dtype, scale, data=m.rng.integers(-most, most + 1, shape) if integer else m.rng.normal(0, 0.5, shape))
    weights = draw([filters, depth], bits, "int8" if integer else "float32", m.scale() if integer else None)
    time = draw([filters, memory], 32767 if extreme else 3000, "int16" if integer else "float32",
                m.scale(1e-5, 1e-3) if integer else None)
    if integer:
        # A filter's values reach about the whole of the state's range, an output's about the whole of int8.
        spread = np.float32(127 * 74 * np.sqrt(depth) * 3)
        state_scale = np.float32(x.scale * weights.scale * spread / 32767) if ratio is None else np.float32(x.scale * weights.scale / ratio)
        sums = np.float32(12000 * 1700 * np.sqrt(rank * memory) * 2)
        out_scale = np.float32(state_scale * time.scale * sums / 127) if out_scale is None else out_scale
    else:
        state_scale = out_scale = None
    b = None
    if bias:
        b = m.g.tensor([units], "int32" if integer else "float32", np.float32(state_scale * time.scale) if integer else None,
                       data=m.rng.integers(-10**6, 10**6, [units]) if integer else m.rng.normal(0, 1, [units]))
    state = m.g.variable([batches, memory * filters], "int16" if integer else "float32", scale=state_scale)
    out = m.output([batches, units], **({"dtype": "int8", "scale": out_scale, "zero_point": m.zero_point()} if integer else {}))
    m.g.op("SVDF", [x, weights, time, b, state], [out], "SVDFOptions", rank=rank,
           fusedActivationFunction=getattr(ACTIVATION, activation), version=3 if integer else 1)


@cases("svdf")
def svdf_cases(c):
    for dtype in "float32", "int8":
        c.add(dtype, "8_to_4", svdf, 8, 4, 1, 4, runs=7)
        c.add(dtype, "rank_2", svdf, 12, 3, 2, 5, runs=8)
        c.add(dtype, "odd_sizes", svdf, 7, 5, 3, 3, runs=6)
        c.add(dtype, "no_bias", svdf, 4, 6, 1, 2, bias=False, runs=5)
        c.add(dtype, "memory_of_1", svdf, 5, 3, 2, 1, runs=4)
        c.add(dtype, "batches", svdf, 8, 2, 2, 6, batches=3, runs=8)
        c.add(dtype, "one_filter", svdf, 1, 1, 1, 9, runs=11)
    c.add("float32", "relu", svdf, 8, 4, 1, 4, activation="RELU", runs=5)
    c.add("float32", "relu6", svdf, 8, 4, 1, 4, activation="RELU6", runs=5)
    c.add("int8", "saturated_state", svdf, 8, 4, 1, 4, ratio=40, runs=6)
    c.add("int8", "sums_wrap", svdf, 8, 3, 2, 8, ratio=40, extreme=True, runs=10)
    c.add("int8", "zero_point_low", svdf, 16, 5, 2, 7, zero_point=-128, runs=8)
    c.add("int8", "zero_point_high", svdf, 16, 5, 2, 8, zero_point=127, runs=9)


def rnn(m, name, batches, time, inputs, units, activation="TANH"):
    m.sequence = True
    weights = lambda *shape: m.g.tensor(shape, "float32", data=m.rng.normal(0, 0.5, shape))
    leading = [batches] if name == "RNN" else [batches, time]
    x = m.input([*leading, inputs])
    operands = [x, weights(units, inputs), weights(units, units), weights(units), m.g.variable([batches, units], "float32")]
    m.g.op(name, operands, [m.output([*leading, units])], "RNNOptions" if name == "RNN" else "SequenceRNNOptions",
           fusedActivationFunction=getattr(ACTIVATION, activation))


@cases("unidirectional_sequence_rnn")
def sequence_rnn_cases(c):
    for hint, sizes, fields in (("5x3_to_4", (1, 5, 3, 4), {}), ("two_sequences", (2, 3, 2, 3), {}), ("one_step", (1, 1, 5, 7), {}),
                                ("relu", (1, 4, 3, 2), {"activation": "RELU"}), ("linear", (1, 2, 3, 3), {"activation": "NONE"})):
        c.add("float32", hint, rnn, "UNIDIRECTIONAL_SEQUENCE_RNN", *sizes, runs=4, **fields)


@cases("rnn")
def rnn_cases(c):
    c.add("float32", "3_to_4", rnn, "RNN", 1, 1, 3, 4, runs=5)
    c.add("float32", "two_sequences", rnn, "RNN", 2, 1, 5, 3, runs=4)
    c.add("float32", "relu", rnn, "RNN", 1, 1, 4, 5, "RELU", runs=4)
