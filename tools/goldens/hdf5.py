"""Writes tests/import/hdf5: HDF5 files of the forms that the reader knows, and of some that it refuses.

    python tools/goldens/hdf5.py        # needs h5py and numpy
"""
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "tests/import/hdf5"


def ramp(*shape, dtype="<f4"):
    return (np.arange(np.prod(shape, dtype=int)) / 4 - 3).reshape(shape).astype(dtype)


def arrays(f):
    f["scalar"] = np.float32(-3)
    f["contiguous"] = ramp(5, 7)
    f["half"] = ramp(9, dtype="<f2")
    f["double"] = ramp(2, 3, dtype="<f8")
    f["empty"] = ramp(0, 4)
    f.create_dataset("unwritten", (2, 3), "<f4")
    f.create_dataset("chunked", data=ramp(7, 5, 3), chunks=(3, 2, 2))
    g = f.create_group("deep/er")
    g.create_dataset("deflated", data=ramp(40, 30), chunks=(16, 8), compression="gzip")
    g.create_dataset("shuffled", data=ramp(13, 11), chunks=(8, 11), compression="gzip", shuffle=True)
    g.create_dataset("checked", data=ramp(13, 11), chunks=(8, 4), compression="gzip", fletcher32=True)


def strings(f):
    f.attrs["one"] = "a variable string"
    f.attrs["fixed"] = np.bytes_("fixed")
    f.attrs["none"] = np.array([])
    g = f.create_group("g")
    g.attrs["names"] = np.array([b"first", b"second/one:0", b""])
    g.attrs.create("objects", ["alpha", "b", "\u03b3"], dtype=h5py.string_dtype())
    g.attrs["long"] = "x" * 5000
    g.attrs["number"] = 5


def members(f):
    g = f.create_group("g")
    for i in range(90):  # one object with many names, so that the file stays small
        g[f"member_{i}"] = g["member_0"] if i else np.float32(1)


def refused(f):
    f["integers"] = np.arange(4)
    f["big_endian"] = ramp(4, dtype=">f4")
    f.create_dataset("external", (4,), "<f4", external=[("secret.raw", 0, 16)])
    f.create_group("linked")["anything"] = h5py.ExternalLink("secret.h5", "/x")
    f["soft"] = h5py.SoftLink("/integers")


def cycle(f):
    g = f.create_group("g")
    g["again"] = g


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for make in (arrays, strings, members, refused, cycle):
        with h5py.File(FOLDER / f"{make.__name__}.h5", "w", libver=("earliest", "v108")) as f:
            make(f)
    with h5py.File(FOLDER / "latest.h5", "w", libver="latest") as f:
        f["a"] = ramp(3)


if __name__ == "__main__":
    main()
