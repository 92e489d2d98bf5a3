"""UNIDIRECTIONAL_SEQUENCE_LSTM of floats. Every run is a sequence of its own: states are reset before it."""

from builder import schema
from cases import cases


def lstm(m, sequences, time, inputs, units, peepholes=False, activation="TANH"):
    weights = lambda *shape: m.g.tensor(shape, "float32", data=m.rng.normal(0, 0.5, shape))
    x = m.input([sequences, time, inputs])
    operands = [x, *(weights(units, inputs) for _ in range(4)), *(weights(units, units) for _ in range(4)),
                *(weights(units) if peepholes else None for _ in range(3)), *(weights(units) for _ in range(4)), None, None,
                m.g.variable([sequences, units], "float32"), m.g.variable([sequences, units], "float32"), None, None, None, None]
    m.g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [m.output([sequences, time, units])], "UnidirectionalSequenceLSTMOptions",
           fusedActivationFunction=getattr(schema.ActivationFunctionType, activation))


@cases("unidirectional_sequence_lstm")
def lstm_cases(c):
    c.add("float32", "6x3_to_4", lstm, 1, 6, 3, 4)
    c.add("float32", "two_sequences", lstm, 2, 4, 2, 3)
    c.add("float32", "peepholes", lstm, 1, 5, 3, 3, True)
    c.add("float32", "one_step", lstm, 1, 1, 5, 7)
    c.add("float32", "relu", lstm, 1, 4, 3, 2, activation="RELU")
