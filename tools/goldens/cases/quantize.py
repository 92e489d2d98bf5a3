"""QUANTIZE (from float, between int8 parameters, from uint8) and DEQUANTIZE."""

import numpy as np

from cases import cases
from cases.activation import ratio_tells


def quantize_float(m, shape, scale=None, zp=None, spread=70, draw=None, target="int8"):
    """Inputs reach beyond the output's range. The files are named float32: that is what goes in."""
    q = m.quant(scale, zp, target)
    a = m.input(shape, draw or (lambda run: m.rng.normal(0, spread, shape) * q["scale"]), dtype="float32")
    m.g.op("QUANTIZE", [a], [m.output(shape, **q)], "QuantizeOptions")


def halves(m, scale, zp):
    """Every value lies exactly between two output steps, or next to such a place."""
    x = (np.arange(-40, 40) + 0.5) * scale
    quantize_float(m, [80], scale, zp, draw=lambda run: [x, np.nextafter(np.float32(x), np.float32(-1e9)),
                                                        np.nextafter(np.float32(x), np.float32(1e9))][run])


def requantize(m, shape, source="int8", target="int8", qx=(None, None), qy=(None, None)):
    """Where both scales are left open, the output's is within a factor of three of the input's."""
    qx = m.quant(*qx, dtype=source)
    qy = m.quant(qy[0] or qx["scale"] * np.exp(m.rng.uniform(-1, 1)), qy[1], target)
    if shape == "all":
        low = np.iinfo(source).min
        a = m.input([1, 128], lambda run: np.arange(128) + low + 128 * run, **qx)
    else:
        a = m.input(shape, **qx)
    m.g.op("QUANTIZE", [a], [m.output(a.shape, **qy)], "QuantizeOptions")


@cases("quantize")
def quantize_cases(c):
    t = "float32"
    c.add(t, "rank_4", quantize_float, [1, 3, 4, 5])
    c.add(t, "rank_2", quantize_float, [3, 20])
    c.add(t, "saturating", quantize_float, [50], spread=300)
    c.add(t, "zp_low", quantize_float, [50], zp=-128)
    c.add(t, "zp_high", quantize_float, [50], zp=127)
    c.add(t, "small_scale", quantize_float, [50], 0.0004)
    c.add(t, "halves", halves, 0.5, 0)
    c.add(t, "halves_odd_scale", halves, 0.037, -11)
    c.add(t, "single_element", quantize_float, [1, 1, 1, 1])
    t = "int8"
    for i in range(4):
        c.add(t, f"all_values_{i}", requantize, "all", runs=2)
    c.add(t, "same_parameters", requantize, "all", qx=(0.05, 3), qy=(0.05, 3), runs=2)
    c.add(t, "same_scale", requantize, "all", qx=(0.05, 3), qy=(0.05, -20), runs=2)
    c.add(t, "half_scale", requantize, "all", qx=(0.05, 3), qy=(0.1, -20), runs=2)
    c.add(t, "twice_the_scale", requantize, "all", qx=(0.1, 3), qy=(0.05, 9), runs=2)
    c.add(t, "much_larger", requantize, "all", qx=(0.5, 3), qy=(0.003, 0), runs=2)
    c.add(t, "much_smaller", requantize, "all", qx=(0.003, 3), qy=(0.5, 0), runs=2)
    c.add(t, "rank_4", requantize, [1, 3, 4, 5])
    c.add(t, "single_element", requantize, [1, 1, 1, 1])
    c.add(t, "to_uint8", requantize, "all", "int8", "uint8", (0.05, -3), (0.05, 125), runs=2)
    c.add(t, "to_uint8_other_scale", requantize, "all", "int8", "uint8", (0.05, -3), (0.041, 70), runs=2)
    c.add(t, "ratio_in_double", ratio_tells, runs=2)
    t = "uint8"
    c.add(t, "to_int8", requantize, "all", "uint8", "int8", (0.0078125, 128), (0.0078125, 0), runs=2)
    c.add(t, "to_int8_other_scale", requantize, "all", "uint8", "int8", (0.03, 100), (0.041, -20), runs=2)
    c.add(t, "to_int8_rank_4", requantize, [1, 4, 4, 3], "uint8", "int8", (1 / 255, 0), (1 / 255, -128))
    c.add("float32", "to_int16", quantize_float, [1, 3, 4, 5], spread=15000, target="int16")
    c.add("float32", "to_int16_saturating", quantize_float, [50], spread=60000, target="int16")
    t = "int16"
    c.add(t, "rank_4", requantize, [1, 3, 4, 5], t, t)
    c.add(t, "much_larger", requantize, [60], t, t, (0.01, None), (0.0001, None))
    c.add(t, "much_smaller", requantize, [60], t, t, (0.0001, None), (0.01, None))
    c.add(t, "same_parameters", requantize, [30], t, t, (0.0001, None), (0.0001, None))
    c.add(t, "to_int8", requantize, [1, 3, 4, 5], t, "int8", (0.0002, None), (0.05, 13))
    c.add(t, "to_int8_same_scale", requantize, [60], t, "int8", (0.01, None), (0.01, -100))


def dequantize(m, shape, q=(None, None)):
    q = m.quant(*q)
    if shape == "all":
        low = np.iinfo(m.dtype).min
        a = m.input([1, 128], lambda run: np.arange(128) + low + 128 * run, **q)
    else:
        a = m.input(shape, **q)
    m.g.op("DEQUANTIZE", [a], [m.output(a.shape, dtype="float32")], "DequantizeOptions")


@cases("dequantize")
def dequantize_cases(c):
    t = "int8"
    for i in range(4):
        c.add(t, f"all_values_{i}", dequantize, "all", runs=2)
    c.add(t, "zp_low", dequantize, "all", (0.0235, -128), runs=2)
    c.add(t, "zp_high", dequantize, "all", (0.1, 127), runs=2)
    c.add(t, "softmax_scale", dequantize, "all", (1 / 256, -128), runs=2)
    c.add(t, "rank_4", dequantize, [1, 3, 4, 5])
    c.add(t, "rank_2", dequantize, [1, 10])
    c.add(t, "single_element", dequantize, [1, 1, 1, 1])
    t = "uint8"
    c.add(t, "all_values", dequantize, "all", (1 / 255, 0), runs=2)
    c.add(t, "rank_4", dequantize, [1, 3, 4, 3], (0.07, 131))
    t = "int16"
    c.add(t, "rank_4", dequantize, [1, 3, 4, 5])
    c.add(t, "softmax_scale", dequantize, [60], (1 / 32768, None))
