"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED.

Weight scales follow from `gain`, the standard deviation of the output in output steps: around 50 an output is well spread, at
500 most of it saturates. Where the weights are small numbers (`wmax`), the effective multiplier becomes larger than one.
"""

import numpy as np

from builder import ACTIVATIONS, BIAS_TYPES, PADDINGS
from cases import cases
from reference import accumulators_that_tell, telling_accumulators


def out_size(size, kernel, stride, dilation, padding):
    if padding == "SAME":
        return -(-size // stride)
    return -(-(size - (kernel - 1) * dilation) // stride)


def weighted(m, x, shape, axis, fan_in, channels, act="NONE", per_channel=True, bias=True, gain=50, wmax=127, spread=1.0,
             bias_steps=40, out_scale=None, out_zp=None, sums="int64"):
    """Constant weights and bias for input `x`; returns (weights, bias or None, output quantization).

    `spread` is the standard deviation of the logarithm of the channels' scales, `bias_steps` that of the bias in output steps.
    Behind 16-bit activations the bias is of type `sums`, and there are 256 times as many steps.
    """
    if not m.quantized:
        w = m.rng.normal(0, 1 / np.sqrt(fan_in), shape)
        b = m.g.tensor([channels], "float32", data=m.rng.normal(0, 1, channels)) if bias else None
        return m.g.tensor(shape, "float32", data=w), b, m.quant()
    if out_zp is None and act != "NONE":
        out_zp = int(m.rng.integers(-128, 20))  # leaves room above zero
    out = m.quant(out_scale, out_zp)
    w = m.rng.integers(-wmax, wmax + 1, shape)
    wide = x.dtype == "int16"
    if wide:
        gain, bias_steps = 256 * gain, 256 * bias_steps
    deviation = np.sqrt(fan_in) * np.hypot(18918 if wide else 73.9, x.zero_point) * wmax / np.sqrt(3)
    base = gain * out["scale"] / (x.scale * deviation)
    scales = np.float32(base * np.exp(m.rng.normal(0, spread, channels) if per_channel else m.rng.normal(0, 0.3, 1)))
    weights = m.g.tensor(shape, "int8", scales, data=w, axis=axis)
    if not bias:
        return weights, None, out
    bias_scale = np.float32(x.scale) * scales
    b = np.round(m.rng.normal(0, bias_steps, channels) * out["scale"] / bias_scale)
    b = np.clip(b, -2**30, 2**30).astype(np.int32)
    return weights, m.g.tensor([channels], sums if wide else "int32", bias_scale, data=b), out


def sums_of(x, sums):
    """The option that says so, where there is one."""
    return {"quantizedBiasType": BIAS_TYPES[sums]} if x.dtype == "int16" else {}


def conv(m, x, co, k=(3, 3), s=(1, 1), d=(1, 1), pad="SAME", act="NONE", groups=1, in_zp=None, **weights):
    n, h, w, c = x
    a = m.input(x, **m.quant(zero_point=in_zp))
    y = conv_on(m, a, co, k, s, d, pad, act, groups, **weights)
    m.g.output(y)


def conv_on(m, a, co, k=(3, 3), s=(1, 1), d=(1, 1), pad="SAME", act="NONE", groups=1, **weights):
    """Appends a convolution to tensor `a`."""
    n, h, w, c = a.shape
    filters, bias, out = weighted(m, a, [co, *k, c // groups], 0, k[0] * k[1] * c // groups, co, act, **weights)
    y = m.g.tensor([n, out_size(h, k[0], s[0], d[0], pad), out_size(w, k[1], s[1], d[1], pad), co], **out)
    m.g.op("CONV_2D", [a, filters, *([bias] if bias else [])], [y], "Conv2DOptions", padding=PADDINGS[pad], strideH=s[0], strideW=s[1],
           dilationHFactor=d[0], dilationWFactor=d[1], fusedActivationFunction=ACTIVATIONS[act],
           **sums_of(a, weights.get("sums", "int64")))
    return y


def depthwise(m, x, mult=1, k=(3, 3), s=(1, 1), d=(1, 1), pad="SAME", act="NONE", in_zp=None, **weights):
    a = m.input(x, **m.quant(zero_point=in_zp))
    m.g.output(depthwise_on(m, a, mult, k, s, d, pad, act, **weights))


def depthwise_on(m, a, mult=1, k=(3, 3), s=(1, 1), d=(1, 1), pad="SAME", act="NONE", **weights):
    """Appends a depthwise convolution to tensor `a`."""
    n, h, w, c = a.shape
    filters, bias, out = weighted(m, a, [1, *k, c * mult], 3, k[0] * k[1], c * mult, act, **weights)
    y = m.g.tensor([n, out_size(h, k[0], s[0], d[0], pad), out_size(w, k[1], s[1], d[1], pad), c * mult], **out)
    m.g.op("DEPTHWISE_CONV_2D", [a, filters, *([bias] if bias else [])], [y], "DepthwiseConv2DOptions",
           padding=PADDINGS[pad], strideH=s[0], strideW=s[1], dilationHFactor=d[0], dilationWFactor=d[1],
           depthMultiplier=mult, fusedActivationFunction=ACTIVATIONS[act])
    return y


def fully_connected(m, x, co, act="NONE", keep=False, in_zp=None, ci=None, **weights):
    """`ci` differs from the last dimension of `x` where the operator flattens its input."""
    a = m.input(x, **m.quant(zero_point=in_zp))
    m.g.output(fully_connected_on(m, a, co, act, keep, ci, **weights))


def fully_connected_on(m, a, co, act="NONE", keep=False, ci=None, **weights):
    """Appends a fully connected layer to tensor `a`."""
    ci = ci or a.shape[-1]
    filters, bias, out = weighted(m, a, [co, ci], 0, ci, co, **weights)
    rows = int(np.prod(a.shape)) // ci
    y = m.g.tensor([*a.shape[:-1], co] if keep else [rows, co], **out)
    m.g.op("FULLY_CONNECTED", [a, filters, bias], [y], "FullyConnectedOptions", keepNumDims=keep,
           fusedActivationFunction=ACTIVATIONS[act], **sums_of(a, weights.get("sums", "int64")))
    return y


OPTIONS = {"CONV_2D": "Conv2DOptions", "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
           "FULLY_CONNECTED": "FullyConnectedOptions"}


def accumulators_only(m, s_in, s_w, s_out, accumulators, per_channel, sums="int32"):
    """The weights are zero, so that the biases are the accumulators."""
    n = len(accumulators)
    a = m.input([1, 4] if m.op == "FULLY_CONNECTED" else [1, 1, 1, 4], **m.quant(s_in))
    shape = {"CONV_2D": [n, 1, 1, 4], "DEPTHWISE_CONV_2D": [1, 1, 1, n], "FULLY_CONNECTED": [n, 4]}[m.op]
    scales = np.full(n if per_channel else 1, s_w)
    w = m.g.tensor(shape, "int8", scales, data=np.zeros(shape), axis=3 if m.op == "DEPTHWISE_CONV_2D" else 0)
    b = m.g.tensor([n], sums, np.float32(s_in) * scales, data=accumulators)
    y = m.output([*a.shape[:-1], n], **m.quant(s_out, 0))
    fields = {} if m.op == "FULLY_CONNECTED" else {"strideH": 1, "strideW": 1, "padding": PADDINGS["VALID"]}
    if m.op == "DEPTHWISE_CONV_2D":
        fields["depthMultiplier"] = n // 4
    else:
        fields |= sums_of(a, sums)
    m.g.op(m.op, [a, w, b], [y], OPTIONS[m.op], **fields)


def rounds_twice(m):
    """Accumulators that tell double from single rounding."""
    s_w, s_out = m.scale(), np.float32(0.4)
    s_in = np.float32(0.25 * s_out / s_w)
    real = np.float64(s_in) * np.float64(s_w) / np.float64(s_out)
    accumulators_only(m, s_in, s_w, s_out, telling_accumulators(real, 16, m.rng, 400), False)


def rounds_once(m, exponent):
    """Accumulators of all sizes, and multipliers around 2^exponent whose low bits the reference drops."""
    s_w, s_out = m.scale(), np.float32(0.4)
    s_in = np.float32(m.rng.uniform(0.5, 1) * 2.0**exponent * s_out / s_w)
    most = min(2**46, 40000 * 2.0**-exponent)
    accumulators_only(m, s_in, s_w, s_out, np.int64(m.rng.uniform(-most, most, 16) * 2.0**-m.rng.integers(0, 16, 16)), False,
                      "int64")


def multiplier_saturates(m):
    """The largest multiplier of 31 bits, which does not round up to 2^15."""
    s_out = np.float32(2.0**-10)
    s_w = np.nextafter(np.float32(1), np.float32(0))
    accumulators_only(m, np.float32(2.0**-15), s_w, s_out, m.rng.integers(-2**20, 2**20, 16), False, "int64")


def sums_of_32_bits(m):
    """Accumulators that tell double from single rounding, and are of int32."""
    s_w, s_out = m.scale(), np.float32(0.4)
    s_in = np.float32(0.25 * s_out / s_w)
    real = np.float64(s_in) * np.float64(s_w) / np.float64(s_out)
    accumulators_only(m, s_in, s_w, s_out, telling_accumulators(real, 16, m.rng, 100000), False, "int32")


def scale_arithmetic(m, odd, per_channel):
    """Tells in what arithmetic the multiplier is computed from the scales: which of three ways is the odd one out.

    The multiplier is close to a fraction with an even denominator, so that many accumulators are close to a tie.
    """
    while True:
        s_in, s_w = m.scale(1e-3, 0.1), m.scale(1e-3, 1e-2)
        p = m.rng.integers(1, 20)
        s_out = np.float32(s_in * s_w * (2 * m.rng.integers(p, 200)) / p)
        in_double = np.float64(s_in) * np.float64(s_w) / np.float64(s_out)
        product_in_float = np.float64(s_in * s_w) / np.float64(s_out)
        all_in_float = np.float64(np.float32(s_in * s_w) / s_out)
        if max(in_double, all_in_float) > 0.49:
            continue
        accs = m.rng.permutation(int(240 / in_double)) - int(120 / in_double)
        found = accumulators_that_tell([in_double, product_in_float, all_in_float], odd, accs)
        if len(found) >= 12:
            return accumulators_only(m, s_in, s_w, s_out, found[:12], per_channel)


@cases("conv_2d")
def conv_2d_cases(c):
    for t in "int8", "float32":
        c.add(t, "3x3_same", conv, [1, 5, 6, 3], 4)
        c.add(t, "3x3_valid_relu", conv, [1, 6, 5, 4], 5, pad="VALID", act="RELU", out_zp=-128)
        c.add(t, "1x1_relu6", conv, [1, 4, 4, 8], 8, k=(1, 1), act="RELU6", out_scale=0.0235, out_zp=-128)
        c.add(t, "stride_2x2_odd", conv, [1, 7, 5, 3], 4, s=(2, 2), act="RELU_N1_TO_1", out_scale=0.0081)
        c.add(t, "dilated", conv, [1, 7, 8, 2], 3, d=(2, 2))
        c.add(t, "grouped_2", conv, [1, 4, 5, 6], 4, groups=2)
        c.add(t, "batch_2", conv, [2, 4, 4, 3], 4, s=(2, 1))
    t = "int8"
    c.add(t, "rounds_twice", rounds_twice)
    c.add(t, "per_tensor", conv, [1, 5, 5, 3], 6, per_channel=False)
    c.add(t, "per_tensor_relu", conv, [1, 5, 5, 5], 3, per_channel=False, act="RELU")
    c.add(t, "5_to_7_valid", conv, [1, 5, 4, 5], 7, k=(2, 2), pad="VALID")
    c.add(t, "1x1_40_to_37", conv, [1, 3, 3, 40], 37, k=(1, 1))
    c.add(t, "1x1_1_to_1", conv, [1, 4, 4, 1], 1, k=(1, 1), in_zp=5, out_zp=-3)
    c.add(t, "1x1_stride_2", conv, [1, 5, 6, 9], 10, k=(1, 1), s=(2, 2))
    c.add(t, "1x1_multiplier_above_1", conv, [1, 3, 4, 1], 6, k=(1, 1), wmax=3, gain=300, spread=0.5, in_zp=0)
    c.add(t, "multiplier_above_1", conv, [1, 4, 4, 2], 4, wmax=1, gain=900, spread=1.5)
    c.add(t, "saturating", conv, [1, 5, 5, 3], 5, gain=600, bias_steps=400)
    c.add(t, "large_bias", conv, [1, 4, 5, 3], 6, bias_steps=150, spread=2.5)
    c.add(t, "channel_scales_far_apart", conv, [1, 5, 5, 3], 16, spread=3)
    c.add(t, "kernel_larger_same", conv, [1, 2, 3, 3], 4, k=(5, 5))
    c.add(t, "kernel_larger_strided", conv, [1, 3, 2, 2], 3, k=(7, 5), s=(2, 2))
    c.add(t, "stride_3x1", conv, [1, 10, 4, 3], 4, s=(3, 1))
    c.add(t, "stride_1x3_valid", conv, [1, 4, 11, 3], 4, s=(1, 3), pad="VALID")
    c.add(t, "stride_2x3_even_kernel", conv, [1, 7, 9, 2], 5, k=(2, 4), s=(2, 3))
    c.add(t, "stride_over_kernel", conv, [1, 8, 8, 3], 3, k=(1, 2), s=(3, 3), pad="VALID")
    c.add(t, "dilation_1x3_valid", conv, [1, 4, 9, 3], 4, k=(2, 3), d=(1, 3), pad="VALID", act="RELU6")
    c.add(t, "dilation_over_input", conv, [1, 3, 3, 2], 3, d=(4, 4))
    c.add(t, "height_1", conv, [1, 1, 12, 4], 5, k=(1, 5))
    c.add(t, "height_1_same_3x3", conv, [1, 1, 9, 3], 4, s=(1, 2))
    c.add(t, "width_1", conv, [1, 13, 1, 4], 5, k=(4, 1), s=(2, 1), pad="VALID")
    c.add(t, "width_1_same_3x3", conv, [1, 9, 1, 3], 4)
    c.add(t, "all_ones", conv, [1, 1, 1, 1], 1, k=(1, 1))
    c.add(t, "kernel_is_input", conv, [1, 4, 3, 5], 6, k=(4, 3), pad="VALID")
    c.add(t, "input_zp_low", conv, [1, 5, 5, 3], 4, in_zp=-128, out_zp=127)
    c.add(t, "input_zp_high", conv, [1, 5, 5, 3], 4, in_zp=127, out_zp=-128)
    c.add(t, "grouped_4_of_8", conv, [1, 3, 4, 8], 12, groups=4, k=(2, 2), act="RELU")
    c.add(t, "10x4_stride_2", conv, [1, 20, 6, 1], 8, k=(10, 4), s=(2, 2), act="RELU", out_zp=-128)
    c.add(t, "13_channels", conv, [1, 3, 4, 13], 11, k=(2, 3))
    for i, way in enumerate(["double", "float32_product", "float32"]):
        c.add(t, f"multiplier_{way}", scale_arithmetic, i, False)
        c.add(t, f"multiplier_{way}_per_channel", scale_arithmetic, i, True)
    t = "int16"
    for e in 2, -1, -9, -17, -19, -30:
        c.add(t, f"rounds_once_at_2_to_{e}", rounds_once, e)
    c.add(t, "multiplier_saturates", multiplier_saturates)
    c.add(t, "sums_of_32_bits", sums_of_32_bits)
    c.add(t, "3x3_same", conv, [1, 5, 6, 3], 4)
    c.add(t, "3x3_valid_relu", conv, [1, 6, 5, 4], 5, pad="VALID", act="RELU")
    c.add(t, "1x1_relu6", conv, [1, 4, 4, 8], 8, k=(1, 1), act="RELU6", out_scale=0.00025)
    c.add(t, "stride_2x2_odd", conv, [1, 7, 5, 3], 4, s=(2, 2), act="RELU_N1_TO_1", out_scale=0.00004)
    c.add(t, "dilated", conv, [1, 7, 8, 2], 3, d=(2, 2))
    c.add(t, "grouped_2", conv, [1, 4, 5, 6], 6, groups=2)
    c.add(t, "grouped_4_of_8", conv, [1, 3, 4, 8], 12, groups=4, k=(2, 2), act="RELU")
    c.add(t, "batch_2", conv, [2, 4, 4, 3], 4, s=(2, 1))
    c.add(t, "per_tensor", conv, [1, 5, 5, 3], 6, per_channel=False)
    c.add(t, "10x4_stride_2", conv, [1, 20, 6, 1], 8, k=(10, 4), s=(2, 2), act="RELU")
    c.add(t, "saturating", conv, [1, 5, 5, 3], 5, gain=600, bias_steps=400)
    c.add(t, "channel_scales_far_apart", conv, [1, 5, 5, 3], 16, spread=3)
    c.add(t, "kernel_larger_same", conv, [1, 2, 3, 3], 4, k=(5, 5))
    c.add(t, "1x1_600_to_3", conv, [1, 1, 3, 600], 3, k=(1, 1))
    c.add(t, "int32_3x3", conv, [1, 5, 6, 3], 5, sums="int32")
    c.add(t, "int32_wraps_around", conv, [1, 1, 3, 600], 3, k=(1, 1), sums="int32", gain=5)


@cases("depthwise_conv_2d")
def depthwise_cases(c):
    for t in "int8", "float32":
        c.add(t, "3x3_same", depthwise, [1, 5, 6, 4])
        c.add(t, "3x3_valid_relu", depthwise, [1, 6, 5, 5], pad="VALID", act="RELU", out_zp=-128)
        c.add(t, "multiplier_2_relu6", depthwise, [1, 4, 5, 3], 2, act="RELU6", out_scale=0.0235, out_zp=-128)
        c.add(t, "stride_2x2_odd", depthwise, [1, 7, 5, 6], s=(2, 2), act="RELU_N1_TO_1", out_scale=0.0081)
        c.add(t, "dilated", depthwise, [1, 7, 8, 3], d=(2, 2))
        c.add(t, "batch_2", depthwise, [2, 4, 4, 3], s=(2, 2))
    t = "int8"
    c.add(t, "rounds_twice", rounds_twice)
    c.add(t, "per_tensor", depthwise, [1, 5, 5, 6], per_channel=False)
    c.add(t, "no_bias", depthwise, [1, 5, 4, 7], bias=False)
    c.add(t, "1_channel_multiplier_8", depthwise, [1, 6, 5, 1], 8)
    c.add(t, "1_channel_multiplier_5_10x4", depthwise, [1, 12, 5, 1], 5, k=(10, 4), s=(2, 2), act="RELU")
    c.add(t, "multiplier_3", depthwise, [1, 4, 4, 5], 3)
    c.add(t, "multiplier_4_valid", depthwise, [1, 5, 4, 4], 4, pad="VALID")
    c.add(t, "multiplier_2_dilated", depthwise, [1, 6, 6, 3], 2, d=(2, 1), k=(3, 2))
    c.add(t, "1x1", depthwise, [1, 4, 4, 9], k=(1, 1))
    c.add(t, "1x1_multiplier_above_1", depthwise, [1, 3, 4, 6], k=(1, 1), wmax=3, gain=300, spread=0.5, in_zp=0)
    c.add(t, "saturating", depthwise, [1, 5, 5, 4], gain=600, bias_steps=400)
    c.add(t, "large_bias", depthwise, [1, 4, 5, 6], bias_steps=150, spread=2.5)
    c.add(t, "channel_scales_far_apart", depthwise, [1, 5, 4, 16], spread=3)
    c.add(t, "40_channels", depthwise, [1, 3, 3, 40])
    c.add(t, "17_channels", depthwise, [1, 4, 3, 17], s=(1, 2))
    c.add(t, "kernel_larger_same", depthwise, [1, 2, 3, 4], k=(5, 5))
    c.add(t, "kernel_larger_strided", depthwise, [1, 3, 2, 3], k=(7, 5), s=(2, 2))
    c.add(t, "stride_3x1", depthwise, [1, 10, 4, 4], s=(3, 1))
    c.add(t, "stride_1x3_valid", depthwise, [1, 4, 11, 4], s=(1, 3), pad="VALID")
    c.add(t, "even_kernel", depthwise, [1, 7, 9, 2], k=(2, 4), s=(2, 3))
    c.add(t, "dilation_1x3_valid", depthwise, [1, 4, 9, 4], k=(2, 3), d=(1, 3), pad="VALID", act="RELU6")
    c.add(t, "dilation_over_input", depthwise, [1, 3, 3, 5], d=(4, 4))
    c.add(t, "height_1", depthwise, [1, 1, 12, 5], k=(1, 5))
    c.add(t, "height_1_same_3x3", depthwise, [1, 1, 9, 6], s=(1, 2))
    c.add(t, "width_1", depthwise, [1, 13, 1, 5], k=(4, 1), s=(2, 1), pad="VALID")
    c.add(t, "width_1_same_3x3", depthwise, [1, 9, 1, 7])
    c.add(t, "all_ones", depthwise, [1, 1, 1, 1], k=(1, 1))
    c.add(t, "global", depthwise, [1, 4, 3, 6], k=(4, 3), pad="VALID")
    c.add(t, "input_zp_low", depthwise, [1, 5, 5, 4], in_zp=-128, out_zp=127)
    c.add(t, "input_zp_high", depthwise, [1, 5, 5, 4], in_zp=127, out_zp=-128)
    for i, way in enumerate(["double", "float32_product", "float32"]):
        c.add(t, f"multiplier_{way}", scale_arithmetic, i, False)
        c.add(t, f"multiplier_{way}_per_channel", scale_arithmetic, i, True)
    t = "int16"
    for e in 2, -9, -19:
        c.add(t, f"rounds_once_at_2_to_{e}", rounds_once, e)
    c.add(t, "3x3_same", depthwise, [1, 5, 6, 4])
    c.add(t, "3x3_valid_relu", depthwise, [1, 6, 5, 5], pad="VALID", act="RELU")
    c.add(t, "multiplier_2_relu6", depthwise, [1, 4, 5, 3], 2, act="RELU6", out_scale=0.00025)
    c.add(t, "stride_2x2_odd", depthwise, [1, 7, 5, 6], s=(2, 2), act="RELU_N1_TO_1", out_scale=0.00004)
    c.add(t, "dilated", depthwise, [1, 7, 8, 3], d=(2, 2))
    c.add(t, "batch_2", depthwise, [2, 4, 4, 3], s=(2, 2))
    c.add(t, "1_channel_multiplier_5_10x4", depthwise, [1, 12, 5, 1], 5, k=(10, 4), s=(2, 2), act="RELU")
    c.add(t, "17_channels", depthwise, [1, 4, 3, 17], s=(1, 2))
    c.add(t, "saturating", depthwise, [1, 5, 5, 4], gain=600, bias_steps=400)
    c.add(t, "channel_scales_far_apart", depthwise, [1, 5, 4, 16], spread=3)


@cases("fully_connected")
def fully_connected_cases(c):
    for t in "int8", "float32":
        c.add(t, "plain", fully_connected, [1, 12], 7, per_channel=False)
        c.add(t, "relu", fully_connected, [1, 16], 8, per_channel=False, act="RELU", out_zp=-128)
        c.add(t, "batch_3_no_bias", fully_connected, [3, 9], 5, per_channel=False, bias=False)
        c.add(t, "keep_num_dims", fully_connected, [1, 3, 4, 5], 6, per_channel=False, keep=True)
        c.add(t, "rank_4_flattened", fully_connected, [1, 2, 3, 4], 5, per_channel=False, ci=24)
    t = "int8"
    c.add(t, "rounds_twice", rounds_twice)
    c.add(t, "per_channel", fully_connected, [1, 12], 9)
    c.add(t, "per_channel_far_apart", fully_connected, [2, 10], 13, spread=3)
    c.add(t, "relu6", fully_connected, [1, 20], 10, per_channel=False, act="RELU6", out_scale=0.0235, out_zp=-128)
    c.add(t, "relu_n1_to_1", fully_connected, [1, 20], 10, per_channel=False, act="RELU_N1_TO_1", out_scale=0.0081)
    c.add(t, "1_to_1", fully_connected, [1, 1], 1, per_channel=False)
    c.add(t, "1_to_10_multiplier_above_1", fully_connected, [1, 1], 10, per_channel=False, wmax=3, gain=300, in_zp=0)
    c.add(t, "64_to_1", fully_connected, [1, 64], 1, per_channel=False)
    c.add(t, "37_to_19", fully_connected, [1, 37], 19, per_channel=False)
    c.add(t, "saturating", fully_connected, [2, 15], 8, per_channel=False, gain=600, bias_steps=400)
    c.add(t, "large_bias", fully_connected, [2, 15], 8, per_channel=False, bias_steps=150)
    c.add(t, "zp_low", fully_connected, [2, 11], 6, per_channel=False, in_zp=-128, out_zp=127)
    c.add(t, "zp_high", fully_connected, [2, 11], 6, per_channel=False, in_zp=127, out_zp=-128)
    for i, way in enumerate(["double", "float32_product", "float32"]):
        c.add(t, f"multiplier_{way}", scale_arithmetic, i, False)
        c.add(t, f"multiplier_{way}_per_channel", scale_arithmetic, i, True)
    t = "int16"
    for e in 2, -9, -19:
        c.add(t, f"rounds_once_at_2_to_{e}", rounds_once, e)
    c.add(t, "sums_of_32_bits", sums_of_32_bits)
    c.add(t, "plain", fully_connected, [1, 12], 7, per_channel=False)
    c.add(t, "relu", fully_connected, [1, 16], 8, per_channel=False, act="RELU")
    c.add(t, "batch_3_no_bias", fully_connected, [3, 9], 5, per_channel=False, bias=False)
    c.add(t, "keep_num_dims", fully_connected, [1, 3, 4, 5], 6, per_channel=False, keep=True)
    c.add(t, "rank_4_flattened", fully_connected, [1, 2, 3, 4], 5, per_channel=False, ci=24)
    c.add(t, "per_channel", fully_connected, [1, 12], 9)
    c.add(t, "per_channel_far_apart", fully_connected, [2, 10], 13, spread=3)
    c.add(t, "37_to_19", fully_connected, [1, 37], 19, per_channel=False)
    c.add(t, "2_to_3", fully_connected, [2, 2], 3, per_channel=False)
    c.add(t, "1023_to_5", fully_connected, [1, 1023], 5, per_channel=False)
    c.add(t, "int32_bias", fully_connected, [2, 15], 6, per_channel=False, sums="int32")
    c.add(t, "int32_no_bias", fully_connected, [2, 15], 6, per_channel=False, bias=False, sums="int32")
    c.add(t, "int32_wraps_around", fully_connected, [1, 1023], 3, per_channel=False, sums="int32", gain=5)
