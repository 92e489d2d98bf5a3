"""Small whole graphs with random weights, as converters write them: tests/models/<name>.tflite."""

import numpy as np

import builder
import unrolled_gru
from builder import ACTIVATIONS
from cases import cases
from cases.converted import converted_lstms
from cases.hybrid import float_weight_models
from cases.conv import conv_on, depthwise_on, fully_connected_on
from cases.pool import pool_on
from cases.shape import reshape_on


def softmax_on(m, a):
    y = m.g.tensor(a.shape, **m.quant(1 / 32768 if m.dtype == "int16" else 1 / 256, -128))
    m.g.op("SOFTMAX", [a], [y], "SoftmaxOptions", beta=1.0)
    return y


def relu_quant(m):
    """Weights arguments of a layer followed by RELU in an exported model: zero is the lowest value."""
    return {"act": "RELU", "out_zp": -128, "gain": 70, "bias_steps": 15, "spread": 0.5}


def class_head(m, a, classes):
    """Global average pooling, RESHAPE, FULLY_CONNECTED, SOFTMAX."""
    n, h, w, c = a.shape
    a = pool_on(m, a, "AVERAGE_POOL_2D", (h, w), (h, w), "VALID")
    a = reshape_on(m, a, [-1, c], "tensor")
    scale = 0.03 / 256 if m.dtype == "int16" else 0.03
    a = fully_connected_on(m, a, classes, per_channel=False, out_scale=scale, out_zp=0, gain=120, bias_steps=10)
    return softmax_on(m, a)


def add_on(m, a, b, act="NONE"):
    scale = np.float32(np.hypot(a.scale, b.scale)) if m.quantized else None
    y = m.g.tensor(a.shape, **m.quant(scale, -128 if act == "RELU" else None))
    fields = {"potScaleInt16": False} if m.dtype == "int16" else {}
    m.g.op("ADD", [a, b], [y], "AddOptions", fusedActivationFunction=ACTIVATIONS[act], **fields)
    return y


def ds_cnn(m):
    a = m.input([1, 25, 10, 1], **m.quant(zero_point=12))
    a = conv_on(m, a, 16, (10, 4), (2, 2), **relu_quant(m))
    for _ in range(2):
        a = depthwise_on(m, a, **relu_quant(m))
        a = conv_on(m, a, 16, (1, 1), **relu_quant(m))
    m.g.output(class_head(m, a, 8))


def residual(m):
    a = m.input([1, 8, 8, 3], **m.quant(zero_point=-5))
    a = conv_on(m, a, 8, **relu_quant(m))
    b = conv_on(m, a, 8, **relu_quant(m))
    b = conv_on(m, b, 8)
    a = add_on(m, a, b, "RELU")
    b = conv_on(m, a, 12, s=(2, 2), **relu_quant(m))
    b = conv_on(m, b, 12)
    a = add_on(m, conv_on(m, a, 12, (1, 1), s=(2, 2)), b, "RELU")
    m.g.output(class_head(m, a, 10))


def pad_conv(m):
    """What a MobileNet has in front of strided convolutions: an explicit PAD, then VALID."""
    a = m.input([1, 12, 10, 3], **m.quant(zero_point=-1))
    for channels in 6, 10:
        n, h, w, c = a.shape
        padded = m.like(a, [n, h + 1, w + 1, c])
        m.g.op("PAD", [a, m.constant(np.array([[0, 0], [0, 1], [0, 1], [0, 0]], np.int32))], [padded], "PadOptions")
        a = depthwise_on(m, padded, s=(2, 2), pad="VALID", act="RELU6", out_scale=0.0235, out_zp=-128)
        a = conv_on(m, a, channels, (1, 1), act="RELU6", out_scale=0.0235, out_zp=-128)
    mean = m.like(a, [1, a.shape[-1]])
    m.g.op("MEAN", [a, m.constant(np.array([1, 2], np.int32))], [mean], "ReducerOptions", keepDims=False)
    m.g.output(fully_connected_on(m, mean, 5))


def float_in_and_out(m):
    """QUANTIZE at the start, DEQUANTIZE at the end."""
    shape = [1, 6, 7, 2]
    x = m.input(shape, lambda run: m.rng.normal(0, 1, shape), dtype="float32")
    a = m.g.tensor(shape, **m.quant(0.02, 3))
    m.g.op("QUANTIZE", [x], [a], "QuantizeOptions")
    a = conv_on(m, a, 6, **relu_quant(m))
    a = pool_on(m, a, "MAX_POOL_2D", (2, 2), (2, 2), "SAME")
    a = class_head(m, a, 4)
    y = m.g.output(m.g.tensor(a.shape, "float32"))
    m.g.op("DEQUANTIZE", [a], [y], "DequantizeOptions")


def two_inputs(m):
    """A map and a vector of features, joined before the last layers."""
    a, b = m.input([1, 6, 6, 2], **m.quant(zero_point=0)), m.input([1, 7], **m.quant(zero_point=-20))
    a = conv_on(m, a, 6, s=(2, 2), **relu_quant(m))
    a = reshape_on(m, a, [1, 54])
    a = fully_connected_on(m, a, 8, per_channel=False, out_scale=0.05, out_zp=-128, act="RELU")
    b = fully_connected_on(m, b, 6, per_channel=False, out_scale=0.05, out_zp=-128, act="RELU")
    y = m.like(a, [1, 14])
    m.g.op("CONCATENATION", [a, b], [y], "ConcatenationOptions", axis=1)
    m.g.output(fully_connected_on(m, y, 3, per_channel=False, out_zp=20))


def two_outputs(m):
    """One trunk, a class head and a map; the trunk's result feeds both."""
    a = m.input([1, 9, 8, 2], **m.quant(zero_point=7))
    a = conv_on(m, a, 8, s=(2, 1), **relu_quant(m))
    trunk = depthwise_on(m, a, **relu_quant(m))
    m.g.output(class_head(m, trunk, 4))
    heat = conv_on(m, trunk, 1, (1, 1), out_scale=0.05)
    y = m.g.output(m.g.tensor(heat.shape, **m.quant(1 / 256, -128)))
    m.g.op("LOGISTIC", [heat], [y])


def conv1d(m):
    """A convolution over time as converters write it: EXPAND_DIMS, H = 1 and W = time, RESHAPE back."""
    a = m.input([1, 40, 3], **m.quant(zero_point=-4))
    for channels, kernel, stride in (8, 5, 2), (12, 3, 1):
        n, time, c = a.shape
        wide = m.like(a, [n, 1, time, c])
        m.g.op("EXPAND_DIMS", [a, m.constant(np.int32(1))], [wide], "ExpandDimsOptions")
        y = conv_on(m, wide, channels, (1, kernel), (1, stride), pad="VALID", **relu_quant(m))
        a = reshape_on(m, y, [1, y.shape[2], channels])
    pooled = reshape_on(m, a, [1, 1, a.shape[1], a.shape[2]])
    pooled = pool_on(m, pooled, "MAX_POOL_2D", (1, 2), (1, 2), "VALID")
    flat = reshape_on(m, pooled, [-1, int(np.prod(pooled.shape))], "tensor")
    m.g.output(softmax_on(m, fully_connected_on(m, flat, 5, per_channel=False, out_scale=0.04, out_zp=0)))


def branches(m):
    """An inception-like block: three branches over the same map, concatenated over channels with equal quantization."""
    a = m.input([1, 7, 6, 4], **m.quant(zero_point=0))
    same = {"act": "RELU", "out_scale": 0.03, "out_zp": -128}
    one = conv_on(m, a, 3, (1, 1), **same)
    two = conv_on(m, conv_on(m, a, 4, (1, 1), **relu_quant(m)), 5, (3, 3), **same)
    three = conv_on(m, pool_on(m, a, "MAX_POOL_2D", (3, 3), (1, 1), "SAME"), 2, (1, 1), **same)
    y = m.like(one, [1, 7, 6, 10])
    m.g.op("CONCATENATION", [one, two, three], [y], "ConcatenationOptions", axis=3)
    m.g.output(conv_on(m, y, 4, (3, 3), s=(2, 2), pad="VALID", out_zp=-9))


def dense(m):
    a = m.input([1, 32], **m.quant(zero_point=3))
    for units in 16, 4, 16:
        a = fully_connected_on(m, a, units, per_channel=False, **relu_quant(m))
    m.g.output(fully_connected_on(m, a, 32, per_channel=False))


def gru(m):
    """As the converter writes it. Its scales follow from a calibration in floats: the last bits may hang on the machine."""
    m.g.model = unrolled_gru.converted(m.rng, m.quantized)
    m.g.subgraph = m.g.model.subgraphs[0]
    kinds = {number: name for name, (_, number) in builder.DTYPES.items()}

    def port(index):
        t = m.g.subgraph.tensors[index]
        q = {"scale": t.quantization.scale, "zero_point": t.quantization.zeroPoint} if m.quantized else {"scale": None, "zero_point": 0}
        return builder.Tensor(index, t.shape, kinds[t.type], **q)

    m.g.inputs = [port(i) for i in m.g.subgraph.inputs]
    m.g.outputs = [port(i) for i in m.g.subgraph.outputs]
    m.draw_with(lambda run: m.values(m.g.inputs[0].shape))


@cases("models")
def models(c):
    c.add_named("int8", "ds_cnn", ds_cnn)
    c.add_named("int8", "residual", residual)
    c.add_named("int8", "pad_conv", pad_conv)
    c.add_named("int8", "float_in_and_out", float_in_and_out)
    c.add_named("int8", "two_inputs", two_inputs)
    c.add_named("int8", "two_outputs", two_outputs)
    c.add_named("int8", "conv1d", conv1d)
    c.add_named("int8", "branches", branches)
    c.add_named("int8", "dense", dense)
    c.add_named("float32", "ds_cnn_float", ds_cnn)
    c.add_named("float32", "conv1d_float", conv1d)
    float_weight_models(c)
    converted_lstms(c)
    c.add_named("int16", "ds_cnn_16x8", ds_cnn)
    c.add_named("int16", "residual_16x8", residual)
    c.add_named("float32", "gru_unrolled_float", gru)
    c.add_named("int8", "gru_unrolled", gru, runs=4)
