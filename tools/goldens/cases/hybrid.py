"""Float activations with int8 weights ("dynamic range"), where the reference quantizes activations while it runs and Smelt
does not; and weights of float16, which both widen exactly."""

import numpy as np

from cases import cases


def weights(m, shape, axis=None):
    """Symmetric int8, with one scale or one for each slice along `axis`."""
    scales = m.rng.uniform(2e-3, 2e-2, shape[axis] if axis is not None else 1)
    return m.g.tensor(shape, "int8", scales, 0, m.rng.integers(-127, 128, shape), axis or 0)


def convolution(m, depthwise=False):
    x = m.input([1, 6, 5, 4])
    bias = m.g.tensor([6 if not depthwise else 4], "float32", data=m.rng.normal(0, 1, 6 if not depthwise else 4))
    if depthwise:
        w, options, fields = weights(m, [1, 3, 3, 4], 3), "DepthwiseConv2DOptions", {"depthMultiplier": 1}
    else:
        w, options, fields = weights(m, [6, 3, 3, 4], 0), "Conv2DOptions", {}
    y = m.output([1, 6, 5, 4 if depthwise else 6], dtype="float32")
    m.g.op("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [x, w, bias], [y], options, version=6 if depthwise else 5,
           strideH=1, strideW=1, **fields)


def fully_connected(m, asymmetric=False):
    x = m.input([2, 40])
    bias = m.g.tensor([7], "float32", data=m.rng.normal(0, 1, 7))
    m.g.op("FULLY_CONNECTED", [x, weights(m, [7, 40]), bias], [m.output([2, 7], dtype="float32")], "FullyConnectedOptions",
           version=9 if asymmetric else 3, asymmetricQuantizeInputs=asymmetric)


@cases("hybrid")
def hybrid_cases(c):
    c.add("float32", "conv_2d", convolution)
    c.add("float32", "depthwise_conv_2d", convolution, True)
    c.add("float32", "fully_connected", fully_connected)
    c.add("float32", "fully_connected_asymmetric", fully_connected, True)


def half_fully_connected(m):
    """As converters write it: constant halves, a DEQUANTIZE each, and an operator of floats."""
    x = m.input([2, 12], dtype="float32")
    parts = []
    for shape in [5, 12], [5]:
        half = m.g.tensor(shape, "float16", data=m.rng.normal(0, 1, shape))
        parts.append(m.g.tensor(shape, "float32"))
        m.g.op("DEQUANTIZE", [half], parts[-1:], "DequantizeOptions", version=3)
    m.g.op("FULLY_CONNECTED", [x, *parts], [m.output([2, 5], dtype="float32")], "FullyConnectedOptions")


def half_add(m):
    """Every kind of finite half: subnormal, largest, negative zero."""
    values = [6e-8, -6e-8, 6.1e-5, 65504, -65504, 5e-7, -1.5, -0.0, 1, 1 / 3]
    half = m.g.tensor([10], "float16", data=values)
    wide = m.g.tensor([10], "float32")
    m.g.op("DEQUANTIZE", [half], [wide], "DequantizeOptions", version=3)
    m.g.op("MUL", [m.input([10], lambda run: np.full(10, 2.0**run), dtype="float32"), wide], [m.output([10], dtype="float32")],
           "MulOptions")


def constant_weights(m):
    """int8 weights behind a DEQUANTIZE of their own."""
    x = m.input([2, 12], dtype="float32")
    wide = m.g.tensor([5, 12], "float32")
    m.g.op("DEQUANTIZE", [weights(m, [5, 12])], [wide], "DequantizeOptions")
    m.g.op("FULLY_CONNECTED", [x, wide, None], [m.output([2, 5], dtype="float32")], "FullyConnectedOptions")


def float_weight_models(c):
    c.add_named("float32", "half_weights", half_fully_connected)
    c.add_named("float32", "halves", half_add)
    c.add_named("float32", "dequantized_weights", constant_weights)
