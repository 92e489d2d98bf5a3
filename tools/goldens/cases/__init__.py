"""Case lists by operator family, and what they share.

A family module declares lists with `@cases("operator")`. The function gets a `Cases` and calls `add` for each case: a hint,
which is also what seeds the case, so that cases do not disturb each other; and a function that builds the graph.
"""

import zlib

import numpy as np

import builder

LISTS = {}  # folder below tests/: "models", "hybrid" or "ops/conv_2d" -> function


def cases(*folders):
    def register(function):
        for folder in folders:
            LISTS[folder if folder in ("models", "hybrid") else f"ops/{folder}"] = function
        return function
    return register


class Cases:
    """Collects the cases of one folder as (file name, Maker, build function)."""

    def __init__(self, folder):
        self.folder, self.op = folder, folder.split("/")[-1]
        self.list, self._count, self._hints = [], {}, set()

    def add(self, dtype, hint, build, *args, runs=3, **kwargs):
        """`build(m, *args, **kwargs)` gets a Maker and adds inputs, operators and outputs to `m.g`."""
        assert (dtype, hint) not in self._hints, f"{self.op}: {dtype} {hint} twice"
        self._hints.add((dtype, hint))
        number = self._count.setdefault(dtype, 0)
        self._count[dtype] += 1
        name = f"{self.folder}/{dtype}_{number:02d}_{hint}.tflite"
        self._put(name, dtype, hint, build, args, runs, kwargs)

    def add_named(self, dtype, name, build, *args, runs=2, **kwargs):
        """A case with a file name of its own, for whole models."""
        self._put(f"{self.folder}/{name}.tflite", dtype, name, build, args, runs, kwargs)

    def _put(self, name, dtype, hint, build, args, runs, kwargs):
        seed = zlib.crc32(f"{self.op}/{dtype}/{hint}".encode())
        maker = Maker(self.op, dtype, np.random.default_rng(seed), runs)
        self.list.append((name, maker, lambda: build(maker, *args, **kwargs)))


class Maker:
    """The state of one case being built: graph, random stream, and how its inputs are drawn."""

    def __init__(self, op, dtype, rng, runs):
        self.op, self.dtype, self.rng, self.runs = op.upper(), dtype, rng, runs
        self.g = builder.Graph(f"{op} {dtype}")
        self._draw = []
        self.sequence = False  # runs go on from the states that the one before left
        self.answer = None  # where the reference cannot be asked: (what answers instead, function of an input list)

    @property
    def quantized(self):
        return self.dtype in builder.QUANTIZED

    def scale(self, low=1e-3, high=0.5):
        return np.float32(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def zero_point(self):
        """Any int8 value, with the extremes and zero more often than chance would have them."""
        return int(self.rng.choice([-128, 0, 127, *self.rng.integers(-128, 128, 5)]))

    def quant(self, scale=None, zero_point=None, dtype=None):
        """Keyword arguments for a tensor: dtype and, where quantized, parameters random unless given."""
        dtype = dtype or self.dtype
        if dtype not in builder.QUANTIZED:
            return {"dtype": dtype}
        if dtype == "int16":  # symmetric, and as much finer
            scale = self.scale() / np.float32(256) if scale is None else scale
            return {"dtype": dtype, "scale": np.float32(scale), "zero_point": 0}
        zero_point = self.zero_point() + (128 if dtype == "uint8" else 0) if zero_point is None else zero_point
        return {"dtype": dtype, "scale": self.scale() if scale is None else np.float32(scale), "zero_point": zero_point}

    def input(self, shape, draw=None, **quant):
        """A graph input; `draw(run)` gives its values, by default uniform over int8 or normal floats."""
        t = self.g.input(shape, **(quant or self.quant()))
        self._draw.append(draw or (lambda run: self.values(shape, t.dtype)))
        return t

    def draw_with(self, draw):
        """Values of an input that was not added here."""
        self._draw.append(draw)

    def values(self, shape, dtype=None):
        dtype = dtype or self.dtype
        if dtype == "float32":
            return self.rng.normal(0, 2, shape).astype(np.float32)
        if dtype == "bool":
            return self.rng.integers(0, 2, shape).astype(np.bool_)
        info = np.iinfo(builder.numpy_type(dtype))
        x = self.rng.integers(info.min, info.max + 1, shape)
        flat = x.reshape(-1)
        if flat.size > 2:  # both extremes always occur
            at = self.rng.choice(flat.size, 2, replace=False)
            flat[at] = info.min, info.max
        return x.astype(builder.numpy_type(dtype))

    def like(self, t, shape):
        """A tensor of another shape with the type and quantization of `t`."""
        return self.g.tensor(shape, t.dtype, t.scale, t.zero_point)

    def output(self, shape, **quant):
        return self.g.output(self.g.tensor(shape, **(quant or self.quant())))

    def constant(self, values, dtype="int32"):
        values = np.asarray(values)
        return self.g.tensor(values.shape, dtype, data=values)

    def draw_runs(self):
        """Input lists, one for each run."""
        return [[np.asarray(draw(run), builder.numpy_type(t.dtype)).reshape(t.shape)
                 for t, draw in zip(self.g.inputs, self._draw)] for run in range(self.runs)]


def load_all():
    """Imports every family, which fills LISTS."""
    import importlib
    import pathlib
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            importlib.import_module(f"cases.{path.stem}")
    return LISTS
