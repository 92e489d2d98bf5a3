#!/usr/bin/env python3
"""Writes the golden cases: one .tflite for each case, known answers in its own metadata.

    generate.py [--op conv_2d] [--check] [--compare-tflm] [--out tests]

Metadata entries: `smelt.in<i>` and `smelt.out<i>` hold the raw little-endian bytes of input or output i for N runs, one after
the other (N follows from the size); `smelt.reference` names what computed the answers. Rerunning gives the same bytes.
"""

import argparse
import pathlib
import sys

import reference
import cases

LARGEST = {"ops": 16 * 1024, "models": 20 * 1024, "hybrid": 16 * 1024}


def generate(maker, build):
    """Builds one case, asks the reference, returns the finished file."""
    build()
    runs = maker.draw_runs()
    only = maker.op in reference.ONLY_KERNEL
    name, answer = maker.answer or (reference.NAME.replace("BUILTIN_REF", "BUILTIN") if only else reference.NAME, None)
    answers = [answer(inputs) for inputs in runs] if answer else reference.run(maker.g.pack(), runs, only, maker.sequence)
    for kind, lists in ("in", runs), ("out", answers):
        for i in range(len(lists[0])):
            maker.g.metadata(f"smelt.{kind}{i}", b"".join(values[i].tobytes() for values in lists))
    maker.g.metadata("smelt.reference", name.encode())
    return maker.g.pack()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--op", action="append", help="only this operator, or `models` (may be repeated)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs or is missing")
    parser.add_argument("--compare-tflm", action="store_true", help="run the quantized cases through tflite-micro, too")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parents[2] / "tests")
    args = parser.parse_args()

    reference.check_rounding()
    lists = cases.load_all()
    wanted = {f: l for f, l in lists.items() if not args.op or f.split("/")[-1] in args.op}
    if not wanted:
        parser.error("no such operator; there are: " + " ".join(f.split("/")[-1] for f in lists))
    if args.compare_tflm:
        import tflm
        return tflm.compare([p for f in wanted for p in sorted((args.out / f).glob("*.tflite"))], args.out)

    stale, total = [], 0
    for folder, function in wanted.items():
        collected = cases.Cases(folder)
        function(collected)
        if not args.check:
            (args.out / folder).mkdir(parents=True, exist_ok=True)
        names = set()
        for name, maker, build in collected.list:
            try:
                data = generate(maker, build)
            except Exception as error:
                raise SystemExit(f"{name}: {error}")
            path = args.out / name
            names.add(path)
            if len(data) > LARGEST[folder.split("/")[0]]:
                raise SystemExit(f"{name}: {len(data)} bytes are too many")
            if not path.exists() or path.read_bytes() != data:
                stale.append(name)
                if not args.check:
                    path.write_bytes(data)
        for path in set((args.out / folder).glob("*.tflite")) - names:
            stale.append(str(path.relative_to(args.out)) + " (no longer a case)")
            if not args.check:
                path.unlink()
        total += len(names)
        print(f"{folder}: {len(names)} cases")
    print(f"{total} cases, {len(stale)} {'stale' if args.check else 'changed'}")
    for name in stale:
        print("  " + name)
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
