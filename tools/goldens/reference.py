"""Runs models on the reference: TFLite's BUILTIN_REF kernels, one thread, no delegate."""

import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # cases/converted.py

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.interpreter import Interpreter, OpResolverType

import builder

warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated")

NAME = f"tflite {tf.__version__} BUILTIN_REF"


# Registered with the other kernels only, of which there is one each.
ONLY_KERNEL = {"CEIL", "ROUND", "ELU", "CUMSUM"}


def run(model, runs, only_kernel=False, sequence=False):
    """Answers for `runs`, a list of input lists; checks that shapes and types are those the model declares.

    State is reset before every run, or where they are one `sequence` before the first.
    """
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if only_kernel else OpResolverType.BUILTIN_REF
    interpreter = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)
    declared = [(list(d["shape"]), d["dtype"]) for d in interpreter.get_output_details()]
    interpreter.allocate_tensors()
    interpreter.reset_all_variables()
    answers = []
    for inputs in runs:
        for detail, value in zip(interpreter.get_input_details(), inputs):
            interpreter.set_tensor(detail["index"], value)
        if not sequence:
            interpreter.reset_all_variables()
        interpreter.invoke()
        outputs = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
        for (shape, dtype), y in zip(declared, outputs):
            if list(y.shape) != shape or y.dtype != dtype:
                raise ValueError(f"declared {shape} {dtype}, computed {list(y.shape)} {y.dtype}")
        answers.append([np.array(y) for y in outputs])
    return answers


def fixed_point_sum(x, zero_point, axes, real, out_zero_point):
    """SUM of int8 as the reference's source has it. The kernel in the published builds is faulty: see README.md."""
    count = int(np.prod([x.shape[a] for a in axes]))
    total = x.astype(np.int64).sum(axis=axes).ravel() - zero_point * count
    multiplier, shift = quantize_multiplier(real)
    y = [double_rounding(int(t), multiplier, shift) + out_zero_point for t in total]
    return np.clip(y, -128, 127).astype(np.int8)


def double_rounding(acc, multiplier, shift):
    """gemmlowp's contract: saturating rounding doubling high multiply, then rounding divide by a power of two."""
    product = (acc << max(shift, 0)) * multiplier
    nudged = product + (1 << 30 if product >= 0 else 1 - (1 << 30))
    high = abs(nudged) // (1 << 31) * (1 if nudged >= 0 else -1)
    exponent = max(-shift, 0)
    mask = (1 << exponent) - 1
    return (high >> exponent) + ((high & mask) > (mask >> 1) + (high < 0))


def single_rounding(acc, multiplier, shift):
    """What a build with TFLITE_SINGLE_ROUNDING, or one that requantizes in floating point, computes (up to ties)."""
    return (acc * multiplier + (1 << (30 - shift))) >> (31 - shift)


def quantize_multiplier(real):
    """A real multiplier as TFLite stores it: a 31-bit fraction and a shift."""
    fraction, shift = np.frexp(float(real))
    multiplier = int(np.floor(fraction * (1 << 31) + 0.5))
    return (multiplier // 2, int(shift) + 1) if multiplier == 1 << 31 else (multiplier, int(shift))


def telling_accumulators(real, count, rng, limit):
    """Accumulators below `limit` for which one rounding and two give different results under multiplier `real`."""
    multiplier, shift = quantize_multiplier(real)
    found = []
    while len(found) < count:
        acc = int(rng.integers(-limit, limit))
        if double_rounding(acc, multiplier, shift) != single_rounding(acc, multiplier, shift):
            found.append(acc)
    return found


def accumulators_that_tell(reals, odd, accs):
    """Those of `accs` that multiplier `reals[odd]` requantizes differently from what all the others agree on."""
    results = [double_rounding_array(accs, *quantize_multiplier(r)) for r in reals]
    others = results[:odd] + results[odd + 1:]
    return accs[np.all([o == others[0] for o in others], axis=0) & (results[odd] != others[0])]


def double_rounding_array(acc, multiplier, shift):
    """`double_rounding` for int64 arrays and multipliers below one."""
    product = acc * multiplier
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.sign(nudged) * (np.abs(nudged) >> 31)
    mask = (1 << -shift) - 1
    return (high >> -shift) + ((high & mask) > (mask >> 1) + (high < 0))


def check_rounding():
    """Stops unless CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED of this build round twice."""
    rng = np.random.default_rng(2)
    s_in, s_w, s_out, n = np.float32(0.25), np.float32(0.11), np.float32(0.4), 16
    real = np.float64(s_in) * np.float64(s_w) / np.float64(s_out)
    bias = telling_accumulators(real, n, rng, 1500)
    expected = [double_rounding(b, *quantize_multiplier(real)) for b in bias]
    for op in "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED":
        g = builder.Graph("rounding probe")
        shape, weights, options = {
            "CONV_2D": ([1, 1, 1, 1], [n, 1, 1, 1], "Conv2DOptions"),
            "DEPTHWISE_CONV_2D": ([1, 1, 1, 1], [1, 1, 1, n], "DepthwiseConv2DOptions"),
            "FULLY_CONNECTED": ([1, 1], [n, 1], "FullyConnectedOptions"),
        }[op]
        x = g.input(shape, "int8", s_in)
        w = g.tensor(weights, "int8", s_w, data=np.ones(weights))
        b = g.tensor([n], "int32", s_in * s_w, data=bias)
        y = g.output(g.tensor(shape[:-1] + [n], "int8", s_out))
        strides = {} if op == "FULLY_CONNECTED" else {"strideW": 1, "strideH": 1}
        if op == "DEPTHWISE_CONV_2D":
            strides["depthMultiplier"] = n
        g.op(op, [x, w, b], [y], options, **strides)
        got = run(g.pack(), [[np.zeros(shape, np.int8)]])[0][0].ravel().tolist()
        if got != expected:
            raise SystemExit(f"{NAME} does not round twice in {op}; use the version of requirements.txt")
