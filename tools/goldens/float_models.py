"""What TensorFlow Lite's reference interpreter answers for the float models of MLPerf Tiny, on inputs from a formula.

    python tools/goldens/float_models.py DATA/models/mlperf_tiny > tests/mlperf/float_answers.txt

One line a run: model, run, then the elements of output 0. Inputs: one xorshift32 stream for each model, seed 0x12345678;
each element is the state's highest byte, signed, / 128, times `scale` plus `offset` below; the stream runs on from run to run.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

MODELS = {"ad": (20, -10), "ic": (127.5, 127.5), "kws": (60, 0), "vww": (0.5, 0.5)}
RUNS = 2


def pattern(count, state):
    values = np.empty(count, np.float32)
    for i in range(count):
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        byte = state >> 24
        values[i] = (byte - 256 if byte >= 128 else byte) / 128
    return values, state


def main(folder):
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_REF
    for name, (scale, offset) in MODELS.items():
        model = os.path.join(folder, name + "_float.tflite")
        interpreter = tf.lite.Interpreter(model, experimental_op_resolver_type=resolver, num_threads=1)
        interpreter.allocate_tensors()
        inp, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        state = 0x12345678
        for run in range(RUNS):
            values, state = pattern(int(np.prod(inp["shape"])), state)
            values = values * np.float32(scale) + np.float32(offset)
            interpreter.set_tensor(inp["index"], values.reshape(inp["shape"]))
            interpreter.invoke()
            answer = interpreter.get_tensor(out["index"]).ravel()
            print(name, run, *(format(float(v), ".9g") for v in answer))


if __name__ == "__main__":
    main(sys.argv[1])
