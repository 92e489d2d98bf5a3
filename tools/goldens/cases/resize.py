"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR. Quantization passes through."""

import numpy as np

from cases import cases


def resize(m, x, size, corners=False, centers=False):
    a = m.input(x)
    y = m.g.output(m.like(a, [x[0], *size, x[3]]))
    options = {"RESIZE_BILINEAR": "ResizeBilinearOptions", "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions"}[m.op]
    m.g.op(m.op, [a, m.constant(np.array(size, np.int32))], [y], options, alignCorners=corners, halfPixelCenters=centers)


@cases("resize_nearest_neighbor", "resize_bilinear")
def resize_cases(c):
    for t in "int8", "float32":
        c.add(t, "twice", resize, [1, 3, 4, 3], [6, 8])
        c.add(t, "twice_half_pixel", resize, [1, 3, 4, 3], [6, 8], centers=True)
        c.add(t, "up_corners", resize, [1, 3, 4, 3], [7, 9], corners=True)
        c.add(t, "down", resize, [1, 7, 8, 2], [3, 5])
        c.add(t, "down_half_pixel", resize, [1, 7, 8, 2], [3, 5], centers=True)
    t = "int8"
    c.add(t, "down_corners", resize, [1, 7, 8, 2], [3, 5], corners=True)
    c.add(t, "odd_factors", resize, [1, 3, 5, 4], [5, 7])
    c.add(t, "odd_factors_half_pixel", resize, [1, 3, 5, 4], [5, 7], centers=True)
    c.add(t, "same_size", resize, [1, 4, 3, 5], [4, 3])
    c.add(t, "from_1x1", resize, [1, 1, 1, 5], [4, 3])
    c.add(t, "to_1x1", resize, [1, 5, 4, 3], [1, 1])
    c.add(t, "to_1x1_corners", resize, [1, 5, 4, 3], [1, 1], corners=True)
    c.add(t, "height_1", resize, [1, 1, 5, 3], [1, 11], centers=True)
    c.add(t, "width_only", resize, [1, 4, 3, 2], [4, 10])
    c.add(t, "batch_2", resize, [2, 2, 3, 3], [5, 4], corners=True)
    c.add(t, "up_and_down", resize, [1, 6, 2, 3], [4, 5], centers=True)
    c.add(t, "times_5", resize, [1, 2, 2, 2], [10, 10], centers=True)
    c.add(t, "17_channels", resize, [1, 2, 2, 17], [3, 4])
    t = "int16"
    c.add(t, "twice", resize, [1, 3, 4, 3], [6, 8])
    c.add(t, "odd_factors_half_pixel", resize, [1, 3, 5, 4], [5, 7], centers=True)
    c.add(t, "down_corners", resize, [1, 7, 8, 2], [3, 5], corners=True)
