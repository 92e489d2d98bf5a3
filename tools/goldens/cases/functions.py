"""Functions of two values and of three, element by element with broadcasting: ops/functions.cpp, comparison.cpp, prelu.cpp,
select.cpp."""

import numpy as np

from builder import ACTIVATIONS
from cases import cases

OPTIONS = {"DIV": "DivOptions", "POW": "PowOptions", "FLOOR_DIV": "FloorDivOptions", "FLOOR_MOD": "FloorModOptions",
           "SQUARED_DIFFERENCE": "SquaredDifferenceOptions", "EQUAL": "EqualOptions", "NOT_EQUAL": "NotEqualOptions",
           "LESS": "LessOptions", "LESS_EQUAL": "LessEqualOptions", "GREATER": "GreaterOptions",
           "GREATER_EQUAL": "GreaterEqualOptions", "LOGICAL_AND": "LogicalAndOptions", "LOGICAL_OR": "LogicalOrOptions"}

SHAPES = [("same_shape", [1, 3, 4, 5], [1, 3, 4, 5], None), ("channel_constant", [1, 4, 3, 6], [1, 1, 1, 6], 1),
          ("scalar_first_constant", [1], [2, 3, 5], 0), ("both_broadcast", [2, 1, 3, 1], [1, 4, 1, 5], None),
          ("ranks_differ", [3, 4, 5], [5], None), ("single_element", [1, 1, 1, 1], [1, 1, 1, 1], None)]


def draw(m, shape, which):
    """Values of operand `which` that the reference takes: no zero to divide by, no negative base."""
    divisor = which == 1 and m.op in ("DIV", "FLOOR_DIV", "FLOOR_MOD")
    if m.dtype == "float32":
        x = m.rng.normal(0, 2, shape)
        if divisor:
            return np.where(np.abs(x) < 0.05, 0.5, x)
        if m.op == "POW":
            return np.abs(x) + 0.05 if which == 0 else x
        if m.op in ("EQUAL", "NOT_EQUAL", "LESS_EQUAL", "GREATER_EQUAL", "LESS", "GREATER"):
            return np.round(x)
        return x
    if m.dtype == "int32":
        if m.op == "POW":
            return m.rng.integers(0, 6, shape) if which else m.rng.integers(-9, 10, shape)
        low = 3 if m.op.endswith("EQUAL") or m.op in ("LESS", "GREATER") else 30000
        x = m.rng.integers(-low, low + 1, shape)
        return np.where(x == 0, 7, x) if divisor else x
    return m.values(shape)


def pair(m, a, b, const=None, qa=(None, None), qb=(None, None), qy=None, **fields):
    qa, qb = m.quant(*qa), m.quant(*qb)
    operands = []
    for i, (shape, q) in enumerate([(a, qa), (b, qb)]):
        if const == i:
            operands.append(m.g.tensor(shape, data=draw(m, shape, i), **q))
        else:
            operands.append(m.input(shape, lambda run, shape=shape, i=i: draw(m, shape, i), **q))
    y = m.output(np.broadcast_shapes(a, b), **(qy or m.quant()))
    m.g.op(m.op, operands, [y], OPTIONS.get(m.op), **fields)


@cases("div", "pow", "floor_div", "floor_mod", "squared_difference", "atan2", "bitwise_xor")
def function_cases(c):
    fields = {"fusedActivationFunction": ACTIVATIONS["NONE"]} if c.op == "div" else {}
    for t in ("float32", "int32"):
        if (t == "int32" and c.op == "atan2") or (t == "float32" and c.op == "bitwise_xor"):
            continue
        for name, a, b, const in SHAPES[:1] if c.op == "atan2" else SHAPES:
            c.add(t, name, pair, a, b, const, **fields)
    if c.op == "div":
        c.add("float32", "relu6", pair, [2, 5, 4], [2, 5, 4], fusedActivationFunction=ACTIVATIONS["RELU6"])
        c.add("int32", "relu", pair, [2, 5, 4], [2, 5, 4], fusedActivationFunction=ACTIVATIONS["RELU"])


@cases("squared_difference")
def squared_difference_cases(c):
    function_cases(c)
    for name, a, b, const in SHAPES:
        c.add("int8", name, pair, a, b, const, (0.05, None), (0.03, None), {"dtype": "int8", "scale": 0.4, "zero_point": -128})
    for i, (sa, sb, sy, zy) in enumerate([(0.1, 0.1, 0.7, -128), (0.004, 0.09, 0.3, -100), (0.3, 0.02, 4.0, 5),
                                          (0.011, 0.012, 0.001, -128)]):
        c.add("int8", f"scales_{i}", pair, [3, 24], [3, 24], None, (sa, None), (sb, None),
              {"dtype": "int8", "scale": sy, "zero_point": zy})


@cases("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
def comparison_cases(c):
    y = {"dtype": "bool"}
    for name, a, b, const in SHAPES:
        c.add("float32", name, pair, a, b, const, qy=y)
        c.add("int32", name, pair, a, b, const, qy=y)
        if c.op in ("equal", "not_equal"):
            c.add("bool", name, pair, a, b, const, qy=y)
    for name, a, b, const in SHAPES:
        c.add("int8", name, pair, a, b, const, (0.05, None), (0.03, None), y)
    c.add("int8", "one_quantization", pair, [4, 60], [4, 60], None, (0.05, 7), (0.05, 7), y)
    c.add("int8", "small_scale", pair, [4, 60], [4, 60], None, (0.0011, -3), (0.0011, -3), y)
    c.add("int8", "scales_far_apart", pair, [4, 60], [4, 60], None, (0.9, 100), (0.0007, -100), y)


@cases("logical_and", "logical_or")
def logical_cases(c):
    for name, a, b, const in SHAPES:
        c.add("bool", name, pair, a, b, const)


def prelu(m, shape, alpha, const=True, qx=(None, None), qa=(None, None), qy=(None, None)):
    x = m.input(shape, **m.quant(*qx))
    q = m.quant(*qa)
    values = m.values(alpha) if m.quantized else m.rng.normal(0.2, 0.3, alpha)
    a = m.g.tensor(alpha, data=values, **q) if const else m.input(alpha, **q)
    m.g.op("PRELU", [x, a], [m.output(shape, **m.quant(*qy))])


@cases("prelu")
def prelu_cases(c):
    for t in "int8", "float32":
        c.add(t, "channel", prelu, [1, 4, 3, 6], [6], qx=(0.05, None), qa=(0.004, None), qy=(0.04, None))
        c.add(t, "shared_rows", prelu, [1, 4, 3, 6], [1, 1, 6], qx=(0.05, None), qa=(0.004, None), qy=(0.04, None))
        c.add(t, "one", prelu, [2, 7], [1], qx=(0.05, None), qa=(0.01, None), qy=(0.06, None))
        c.add(t, "each", prelu, [3, 5], [3, 5], qx=(0.05, None), qa=(0.01, None), qy=(0.06, None))
        c.add(t, "given", prelu, [1, 3, 2, 5], [1, 1, 5], False, qx=(0.05, None), qa=(0.01, None), qy=(0.06, None))
    for i in range(6):
        c.add("int8", f"random_{i}", prelu, [4, 30], [30], qa=(0.02, None))


def select(m, condition, a, b, const=None):
    c = m.input(condition, dtype="bool")
    q = m.quant()
    operands = [m.g.tensor(s, data=m.values(s), **q) if const == i else m.input(s, **q) for i, s in enumerate([a, b])]
    y = m.output(np.broadcast_shapes(condition, a, b) if m.op == "SELECT_V2" else a, **q)
    m.g.op(m.op, [c, *operands], [y], "SelectV2Options" if m.op == "SELECT_V2" else "SelectOptions")


@cases("select")
def select_cases(c):
    for t in "int8", "float32", "int32", "bool":
        c.add(t, "same_shape", select, [1, 3, 4, 5], [1, 3, 4, 5], [1, 3, 4, 5])
        c.add(t, "rank_1", select, [9], [9], [9], 1)
    c.add("float32", "scalar", select, [], [2, 3], [2, 3])


@cases("select_v2")
def select_v2_cases(c):
    for t in "int8", "float32", "int32", "bool", "int16":
        c.add(t, "same_shape", select, [1, 3, 4, 5], [1, 3, 4, 5], [1, 3, 4, 5])
        c.add(t, "condition_of_channels", select, [5], [2, 3, 5], [2, 3, 5])
        c.add(t, "scalar_constant", select, [1, 3, 4, 1], [1, 3, 4, 5], [1], 1)
    c.add("float32", "all_broadcast", select, [2, 1, 3, 1], [1, 4, 1, 5], [5])
    c.add("int8", "all_broadcast", select, [2, 1, 3, 1], [1, 4, 1, 5], [5])
    c.add("int8", "scalar_condition", select, [1], [2, 3], [2, 3])
    c.add("int8", "condition_of_rows", select, [1, 4, 1, 1], [1, 4, 3, 5], [1, 4, 3, 5])
