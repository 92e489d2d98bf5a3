"""Runs .tflite files through TensorFlow Lite's reference kernels and through `smelt run`, and compares.

    python tools/compare_tflite.py [--smelt build/bin/smelt] [--runs 4] MODEL...

Integer outputs must be equal; of float ones the largest difference is told. Exit status 1 where integers differ.
"""

import argparse
import os
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def random_input(detail, rng):
    dtype = detail["dtype"]
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, detail["shape"], dtype=dtype, endpoint=True)
    return rng.uniform(-1, 1, detail["shape"]).astype(dtype)


def compare(model, smelt, runs):
    interpreter = tf.lite.Interpreter(
        model, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF, num_threads=1)
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    rng = np.random.default_rng(0)
    equal, furthest = True, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs):
            command = [smelt, "run", model]
            for i, detail in enumerate(inputs):
                values = random_input(detail, rng)
                interpreter.set_tensor(detail["index"], values)
                values.tofile(f"{folder}/in{i}.bin")
                command += ["--input", f"{folder}/in{i}.bin"]
            for i in range(len(outputs)):
                command += ["--output", f"{folder}/out{i}.bin"]
            interpreter.reset_all_variables()  # a run is a sequence of its own
            interpreter.invoke()
            subprocess.run(command, check=True)
            for i, detail in enumerate(outputs):
                wanted = interpreter.get_tensor(detail["index"])
                got = np.fromfile(f"{folder}/out{i}.bin", detail["dtype"]).reshape(wanted.shape)
                if np.issubdtype(detail["dtype"], np.integer):
                    equal = equal and np.array_equal(got, wanted)
                furthest = max(furthest, float(np.max(np.abs(got.astype(np.float64) - wanted))))
    return equal, furthest


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--smelt", default="build/bin/smelt")
    parser.add_argument("--runs", type=int, default=4)
    options = parser.parse_args()
    status = 0
    for model in options.models:
        equal, furthest = compare(model, options.smelt, options.runs)
        print(f"{model}: {'equal' if equal else 'DIFFERENT'}, largest difference {furthest:g}")
        status = status or (not equal)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
