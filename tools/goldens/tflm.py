"""Runs finished cases through tflite-micro's reference kernels and reports where they differ from the recorded answers.

Each case runs in a process of its own, as the interpreter may end its process on a model that it does not support.
"""

import multiprocessing
import os
import tempfile

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

import builder


def known_answers(model):
    """The metadata of a case: {name: raw bytes}."""
    m = schema.ModelT.InitFromPackedBuf(model, 0)
    return {e.name.decode(): bytes(bytearray(m.buffers[e.buffer].data)) for e in m.metadata}


def tensors(model, which):
    m = schema.ModelT.InitFromPackedBuf(model, 0)
    types = {code: numpy for numpy, code in builder.DTYPES.values()}
    subgraph = m.subgraphs[0]
    for index in getattr(subgraph, which):
        t = subgraph.tensors[index]
        shape = [] if t.shape is None else list(t.shape)
        yield shape, np.dtype(types[t.type])


def compare_one(path, pipe):
    """Sends (values compared, values that differ, largest difference)."""
    from tflite_micro.python.tflite_micro import runtime
    model = path.read_bytes()
    known = known_answers(model)
    inputs, outputs = list(tensors(model, "inputs")), list(tensors(model, "outputs"))

    def run_of(kind, i, run, shape, dtype):
        size = int(np.prod(shape)) * dtype.itemsize
        return np.frombuffer(known[f"smelt.{kind}{i}"][run * size:(run + 1) * size], dtype).reshape(shape)

    shape, dtype = inputs[0]
    runs = len(known["smelt.in0"]) // (int(np.prod(shape)) * dtype.itemsize)
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 20)
    compared = differ = largest = 0
    for run in range(runs):
        for i, (shape, dtype) in enumerate(inputs):
            interpreter.set_input(run_of("in", i, run, shape, dtype), i)
        interpreter.invoke()
        for i, (shape, dtype) in enumerate(outputs):
            expected = run_of("out", i, run, shape, dtype).astype(np.float64)
            difference = np.abs(interpreter.get_output(i).reshape(shape) - expected)
            compared, differ = compared + expected.size, differ + int(np.sum(difference > 0))
            largest = max(largest, float(np.max(difference)))
    pipe.send((compared, differ, largest))


def compare(paths, root):
    context = multiprocessing.get_context("fork")
    by_operator = {}
    for path in paths:
        if path.name.startswith("float32") and "quantize" not in path.parent.name:
            continue
        receive, send = context.Pipe(False)
        with tempfile.TemporaryFile() as log:
            process = context.Process(target=quietly, args=(log, compare_one, path, send))
            process.start()
            send.close()
            try:
                result = receive.recv()
            except EOFError:
                log.seek(0)
                words = log.read().decode(errors="replace").strip().splitlines()
                result = " / ".join(words[-2:]) or "ended without a word"
            process.join()
        by_operator.setdefault(str(path.parent.relative_to(root)), []).append((path.stem, result))
    for operator, results in by_operator.items():
        refused = [r for r in results if isinstance(r[1], str)]
        wrong = [r for r in results if r not in refused and r[1][1]]
        print(f"{operator}: {len(results) - len(refused) - len(wrong)} equal, {len(wrong)} differ, {len(refused)} refused")
        for name, (compared, differ, largest) in wrong:
            print(f"  differs  {name}: {differ} of {compared} values, by up to {largest:g}")
        for name, reason in refused:
            print(f"  refused  {name}: {reason}")
    return 0


def quietly(log, function, *args):
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    function(*args)
