#!/usr/bin/env python3
"""Compares networks with ONNX Runtime: as floats, and quantized by its own quantizer in QDQ and QOperator form.

    pip install onnx onnxruntime
    tools/onnx/compare_networks.py build/bin/smelt MODEL.onnx... [--verify cortex-m4]

For each form: the largest difference of an output over some inputs, in steps of its scale where it has one, and with
--verify whether the target computes the integer form bit by bit. MODEL.tflite becomes MODEL.onnx by
`python -m tf2onnx.convert --tflite MODEL.tflite --output MODEL.onnx --opset 13`. Exit status 1 where floats differ by more
than 1e-5 of the largest output, or a target from the integers.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime
from onnxruntime import quantization as q

FORMS = (("QDQ, int8, per channel", q.QuantFormat.QDQ, q.QuantType.QInt8, True),
         ("QDQ, uint8", q.QuantFormat.QDQ, q.QuantType.QUInt8, False),
         ("QOperator, uint8, per channel", q.QuantFormat.QOperator, q.QuantType.QUInt8, True))
RUNS = 8


def inputs_of(path, seed):
    rng = numpy.random.default_rng(seed)
    return {i.name: rng.uniform(-1, 1, [d if isinstance(d, int) else 1 for d in i.shape]).astype(numpy.float32)
            for i in session_of(path).get_inputs()}


def session_of(path):
    options = onnxruntime.SessionOptions()  # without optimization: what the file says, node by node
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def shapes_of(path):
    model = onnx.load(path, load_external_data=False)
    return [a for i in model.graph.input if any(not d.HasField("dim_value") for d in i.type.tensor_type.shape.dim)
            for a in ("--shape", i.name + "=" + "x".join(str(d.dim_value or 1) for d in i.type.tensor_type.shape.dim))]


def ours(smelt, path, feeds, folder):
    command = [smelt, "run", str(path), "--keep-layout"] + shapes_of(path)
    for k, (name, array) in enumerate(feeds.items()):
        numpy.save(folder / f"in_{k}.npy", array)
        command += ["--input", f"{name}={folder}/in_{k}.npy"]
    names = [o.name for o in session_of(path).get_outputs()]
    for k, name in enumerate(names):
        command += ["--output", f"{name}={folder}/out_{k}.npy"]
    subprocess.run(command, check=True, capture_output=True)
    return [numpy.load(folder / f"out_{k}.npy") for k in range(len(names))]


def differences(smelt, path, folder):
    """Largest difference of any output, and largest magnitude."""
    most = size = 0.0
    for seed in range(100, 100 + RUNS):
        feeds = inputs_of(path, seed)
        for got, want in zip(ours(smelt, path, feeds, folder), session_of(path).run(None, feeds)):
            most = max(most, float(numpy.max(numpy.abs(got.astype(float) - want.astype(float)))))
            size = max(size, float(numpy.max(numpy.abs(want.astype(float)))))
    return most, size


def verified(smelt, path, target):
    done = subprocess.run([smelt, "verify", str(path), "--target", target, "--taps", "--count", "2", "--json"] + shapes_of(path),
                          capture_output=True, text=True)
    said = json.loads(done.stdout)
    form = said.get("from_file")
    return done.returncode == 0, ("every bit equal" if said["bit_exact"] else "within the tolerance" if done.returncode == 0 else "DIFFERENT") + \
        (f", {form['steps']:.3g} steps from the file's floats" if form else "")


class Calibration(q.CalibrationDataReader):
    def __init__(self, path):
        self.values = iter([inputs_of(path, seed) for seed in range(RUNS)])

    def get_next(self):
        return next(self.values, None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("smelt")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--verify", metavar="TARGET", help="also run each form on this target")
    arguments = parser.parse_args()
    wrong = 0
    for model in arguments.models:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            prepared = folder / "prepared.onnx"
            q.quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
            forms = [("float", model)]
            for title, form, activations, channels in FORMS:
                path = folder / (title.replace(", ", "_").replace(" ", "_") + ".onnx")
                q.quantize_static(str(prepared), str(path), Calibration(prepared), quant_format=form, activation_type=activations,
                                  weight_type=q.QuantType.QInt8, per_channel=channels)
                forms.append((title, path))
            for title, path in forms:
                most, size = differences(arguments.smelt, path, folder)
                line = f"{model.stem:10} {title:30} differs by {most:.3g} of {size:.3g}"
                wrong += title == "float" and most > 1e-5 * max(size, 0.1)
                if arguments.verify:
                    sound, said = verified(arguments.smelt, path, arguments.verify)
                    wrong += not sound
                    line += f"; {arguments.verify}: {said}"
                print(line, flush=True)
    return 1 if wrong else 0


sys.exit(main())
