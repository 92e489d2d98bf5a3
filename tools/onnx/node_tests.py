#!/usr/bin/env python3
"""Runs the node tests that come with the onnx package through `smelt run`, and writes docs/operators.md.

    pip install onnx
    tools/onnx/node_tests.py build/bin/smelt                  # counts, and what fails
    tools/onnx/node_tests.py build/bin/smelt --only Conv -v   # cases of one operator, with what was said
    tools/onnx/node_tests.py build/bin/smelt --page docs/operators.md

The tests give weights and the like as inputs. Where Smelt wants those constant they are put into the model, which is
what exporters write; all inputs, where the shape of a result depends on their values. Exit status 1 where a case gives wrong numbers or something crashes, 77 without the package.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnx
    import onnx.backend.test.case.node as node_cases
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    print("node_tests: the onnx package is not installed")
    sys.exit(77)

TYPES = {TensorProto.FLOAT, TensorProto.INT8, TensorProto.UINT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64,
         TensorProto.BOOL}
SEVERAL = "functions as graphs of several"


def operators_of(graph):
    return {(n.domain + "." if n.domain not in ("", "ai.onnx") else "") + n.op_type for n in graph.node}


def out_of_scope(case, inputs, outputs):
    """Why a case is none for Smelt; None where it is one."""
    graph = case.model.graph
    for value in list(graph.input) + list(graph.output):
        if not value.type.HasField("tensor_type"):
            return "sequences, maps and optional values"
        if value.type.tensor_type.elem_type not in TYPES:
            return "other element types than " + ", ".join(sorted(TensorProto.DataType.Name(t) for t in TYPES))
        if any(not d.HasField("dim_value") for d in value.type.tensor_type.shape.dim):
            return "dimensions without a size"
    if not graph.input:
        return "models without inputs"
    if any(numpy.size(a) == 0 for a in inputs + outputs):
        return "empty tensors"
    if case.model.opset_import[0].domain not in ("", "ai.onnx"):
        return "other domains"
    return None


def run(smelt, model, inputs, folder):
    """Outputs of a model, or what was said instead."""
    onnx.save(model, folder / "model.onnx")
    command = [smelt, "run", str(folder / "model.onnx")]
    for value, array in zip(model.graph.input, inputs):
        path = folder / f"in_{len(command)}.npy"
        numpy.save(path, array)
        command += ["--input", f"{value.name}={path}"]
    paths = []
    for value in model.graph.output:
        paths.append(folder / f"out_{len(paths)}.npy")
        command += ["--output", f"{value.name}={paths[-1]}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        return None, (done.returncode, done.stderr.strip())
    return [numpy.load(p) for p in paths], None


def bound(model, inputs, names):
    """The model with these inputs as constants, and the inputs that are left."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.input[:]
    rest = []
    for value, array in zip(model.graph.input, inputs):
        if value.name in names:
            made.graph.initializer.append(numpy_helper.from_array(numpy.asarray(array), value.name))
        else:
            made.graph.input.append(value)
            rest.append(array)
    return made, rest


def differs(case, got, expected):
    for g, e in zip(got, expected):
        e = numpy.asarray(e)
        if g.shape != e.shape or g.dtype != e.dtype:
            return f"{g.dtype}{list(g.shape)} instead of {e.dtype}{list(e.shape)}"
        if not numpy.allclose(g, e, rtol=case.rtol, atol=case.atol, equal_nan=True):
            return f"off by {numpy.nanmax(numpy.abs(g.astype(float) - e.astype(float))):g}"
    return None


def tensors(values):
    return [numpy.asarray(v) if not isinstance(v, TensorProto) else numpy_helper.to_array(v) for v in values]


def judge(smelt, known, case):
    """(verdict, reason): pass, fail, refused, or scope."""
    try:
        inputs, outputs = map(tensors, case.data_sets[0])
        why = out_of_scope(case, inputs, outputs)
    except Exception:  # values that are no arrays
        return "scope", "sequences, maps and optional values"
    if why:
        return "scope", why
    unknown = operators_of(case.model.graph) - known
    if unknown:
        return "scope", "operators that are not read"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        got, said = run(smelt, case.model, inputs, folder)
        if got is None and said[0] == 3 and "must be constant" in said[1]:
            everything = {v.name for v in case.model.graph.input}
            for keep in (case.model.graph.input[0].name, case.model.graph.input[-1].name, None):
                model, rest = bound(case.model, inputs, everything - {keep})
                if keep is None:  # a shape depends on each of them: what is left is computed ahead of time
                    model.graph.input.append(helper.make_tensor_value_info("unused", TensorProto.FLOAT, [1]))
                    rest = [numpy.zeros(1, numpy.float32)]
                got, said = run(smelt, model, rest, folder)
                if got is not None or "must be constant" not in said[1]:
                    break
    if got is None and "dropout in training mode" in said[1]:
        return "scope", "random numbers of the reference"
    if got is None:
        return ("refused" if said[0] == 3 else "fail"), said[1]
    wrong = differs(case, got, outputs)
    return ("fail", wrong) if wrong else ("pass", "")


def short(reason):
    found = re.search(r"error\[E\d+\]: [^\n]*?\(\S+\): ([^\n]*)", reason) or re.search(r"error\[E\d+\]: [^:]*: ([^\n]*)", reason)
    return found.group(1) if found else reason.splitlines()[-1] if reason else ""


def page(smelt, counts, refused, scope):
    listed = json.loads(subprocess.run([smelt, "operators", "--json"], capture_output=True, text=True, check=True).stdout)
    text = ["# Operators", "", "Which operators are read, from which format. Written by `tools/onnx/node_tests.py`; `smelt operators` prints",
            "the same lists.", "", "## TensorFlow Lite", "", "| operator | as |", "|---|---|"]
    for op in sorted((n, o["name"]) for o in listed["smelt"] for n in o["tflite"]):
        text.append(f"| {op[0]} | {op[1]} |")
    text += ["", "## ONNX", "", "Opsets 7 to 28, and of 1 to 6 the operators that have not changed since. The numbers are those of the node tests of",
             "onnx " + onnx.__version__ + ": cases that pass, and cases of the operator that are refused with a reason. Weights and the like, which the",
             "tests give as inputs, are put into the model; all inputs, where a shape depends on their values.", "",
             "| operator | pass | refused |", "|---|---:|---:|"]
    for name in listed["onnx"] + [SEVERAL]:
        c = counts.get(name, collections.Counter())
        text.append(f"| {name} | {c['pass'] or ''} | {c['refused'] or ''} |")
    total = sum(counts.values(), collections.Counter())
    text += ["", f"{total['pass']} cases pass, {total['fail']} fail, {total['refused']} are refused, {sum(scope.values())} are out of scope.", "",
             "Out of scope:", ""]
    text += [f"- {n} with {why}" for why, n in scope.most_common()]
    if refused:
        text += ["", "Refused:", ""]
    text += [f"- {n}: {why}" for why, n in sorted(refused.items(), key=lambda x: (-x[1], x[0]))]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("smelt")
    parser.add_argument("--only", help="cases of this operator")
    parser.add_argument("--page", help="write the table there")
    parser.add_argument("-v", action="store_true", help="every case, with what was said")
    arguments = parser.parse_args()
    listed = json.loads(subprocess.run([arguments.smelt, "operators", "--json"], capture_output=True, text=True, check=True).stdout)
    known = set(listed["onnx"])
    cases = [c for c in node_cases.collect_testcases(None)]
    if arguments.only:
        cases = [c for c in cases if arguments.only in operators_of(c.model.graph)]
    counts, refused, scope = collections.defaultdict(collections.Counter), collections.Counter(), collections.Counter()
    broken = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for case, (verdict, reason) in zip(cases, pool.map(lambda c: judge(arguments.smelt, known, c), cases)):
            operators = operators_of(case.model.graph)
            operator = operators.pop() if len(operators) == 1 else SEVERAL
            if verdict == "scope":
                scope[reason] += 1
            else:
                counts[operator][verdict] += 1
            if verdict == "refused":
                refused[short(reason)] += 1
            if verdict == "fail":
                broken.append((case.name, reason))
            if arguments.v:
                print(f"{verdict:8} {case.name}: {reason if verdict == 'fail' else short(reason)}")
    total = sum(counts.values(), collections.Counter())
    print(f"{total['pass']} pass, {total['fail']} fail, {total['refused']} refused, {sum(scope.values())} out of scope, "
          f"{len(known)} operators read")
    for name, reason in broken:
        print(f"  fail: {name}: {reason}")
    if arguments.page:
        pathlib.Path(arguments.page).write_text(page(arguments.smelt, counts, refused, scope))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
