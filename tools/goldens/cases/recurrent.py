"""UNIDIRECTIONAL_SEQUENCE_LSTM of floats and of int8. Every run is a sequence of its own: states are reset before it."""

import numpy as np

from builder import schema
from cases import cases


def lstm(m, sequences, time, inputs, units, peepholes=False, activation="TANH", time_major=False, clip=0.0):
    weights = lambda *shape: m.g.tensor(shape, "float32", data=m.rng.normal(0, 0.5, shape))
    shape = [time, sequences] if time_major else [sequences, time]
    x = m.input([*shape, inputs])
    operands = [x, *(weights(units, inputs) for _ in range(4)), *(weights(units, units) for _ in range(4)),
                *(weights(units) if peepholes else None for _ in range(3)), *(weights(units) for _ in range(4)), None, None,
                m.g.variable([sequences, units], "float32"), m.g.variable([sequences, units], "float32"), None, None, None, None]
    m.g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [m.output([*shape, units])], "UnidirectionalSequenceLSTMOptions",
           fusedActivationFunction=getattr(schema.ActivationFunctionType, activation), timeMajor=time_major, cellClip=clip)


def integer_lstm(m, sequences, time, inputs, units, time_major=False, clip=10.0, cell_power=-11, gain=2.0, bias_gain=1.0, **quant):
    """`gain`: standard deviation of a gate's argument, of the input and of the state alike; `bias_gain`: of its bias."""
    shape = [time, sequences] if time_major else [sequences, time]
    x = m.input([*shape, inputs], **m.quant(**quant))
    hidden = m.quant(np.float32(m.rng.uniform(0.002, 0.0078)), m.zero_point())
    scale_of = lambda depth, spread: np.float32(gain / (np.sqrt(depth) * 60 * spread) * m.rng.uniform(0.7, 1.4))
    matrix = lambda depth, scale: m.g.tensor([units, depth], "int8", scale, data=np.clip(m.rng.normal(0, 60, (units, depth)), -127, 127))
    of_input = [matrix(inputs, scale_of(inputs, float(x.scale) * 70)) for _ in range(4)]
    of_state = [matrix(units, scale_of(units, 0.5)) for _ in range(4)]
    biases = [m.g.tensor([units], "int32", w.scale * x.scale, data=m.rng.normal(0, bias_gain / (w.scale * x.scale), units))
              for w in of_input]
    state = m.g.variable([sequences, units], "int8", hidden["scale"], hidden["zero_point"])
    cell = m.g.variable([sequences, units], "int16", np.float32(2.0**cell_power), 0)
    operands = [x, *of_input, *of_state, None, None, None, *biases, None, None, state, cell, None, None, None, None]
    within = [m.g.tensor([0], "float32") for _ in range(4)] + [m.g.tensor([0], **hidden)]
    y = m.output([*shape, units], **hidden)
    m.g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [y], "UnidirectionalSequenceLSTMOptions", intermediates=within,
           fusedActivationFunction=schema.ActivationFunctionType.TANH, timeMajor=time_major, cellClip=clip)


@cases("unidirectional_sequence_lstm")
def lstm_cases(c):
    c.add("float32", "6x3_to_4", lstm, 1, 6, 3, 4)
    c.add("float32", "two_sequences", lstm, 2, 4, 2, 3)
    c.add("float32", "peepholes", lstm, 1, 5, 3, 3, True)
    c.add("float32", "one_step", lstm, 1, 1, 5, 7)
    c.add("float32", "relu", lstm, 1, 4, 3, 2, activation="RELU")
    c.add("float32", "time_major", lstm, 1, 6, 3, 4, time_major=True)
    c.add("float32", "cell_clip", lstm, 1, 6, 3, 4, clip=0.25)
    c.add("int8", "6x3_to_4", integer_lstm, 1, 6, 3, 4)
    c.add("int8", "two_sequences", integer_lstm, 2, 5, 4, 6)
    c.add("int8", "time_major", integer_lstm, 1, 7, 5, 3, time_major=True)
    c.add("int8", "one_step", integer_lstm, 1, 1, 9, 5)
    c.add("int8", "one_unit", integer_lstm, 1, 9, 1, 1)
    c.add("int8", "cell_clip", integer_lstm, 1, 8, 4, 5, clip=0.4, gain=4.0)
    c.add("int8", "no_clip", integer_lstm, 1, 12, 4, 8, clip=0.0, bias_gain=4.0)
    c.add("int8", "saturated", integer_lstm, 1, 10, 6, 8, gain=12.0, cell_power=-15)
    for power in range(-15, -8):
        c.add("int8", f"cell_of_{-power}_bits", integer_lstm, 1, 10, 3, 6, clip=0.0, cell_power=power, gain=3.0, bias_gain=3.0)
    c.add("int8", "zero_points", integer_lstm, 1, 6, 7, 9, zero_point=-128)
    c.add("int8", "small_scale", integer_lstm, 1, 6, 7, 9, scale=1e-5)
    c.add("int8", "biases", integer_lstm, 1, 3, 2, 48, gain=0.2, bias_gain=3.5)
