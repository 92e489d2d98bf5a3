"""Writes tests/keras: small Keras models of every layer, with Keras's own answers.

    python tools/goldens/keras_models.py tests/keras/v2.zip      # with TensorFlow 2.15, that is Keras 2
    python tools/goldens/keras_models.py tests/keras/v3.zip      # with Keras 3 (and any TensorFlow that it takes)

All go into one archive, as .h5 files are mostly air. Beside each model stands a file .f32: its inputs one behind the
other, then its outputs, as little-endian floats.
Most models have many outputs, each of a layer with other options, as files of one layer would be mostly overhead.
"""
import os
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402

try:
    import keras
    if int(keras.__version__[0]) < 3:
        raise ImportError
    V3 = True
except ImportError:
    from tensorflow import keras
    V3 = False

L = keras.layers
MODELS = {}


def model(build):
    MODELS[build.__name__] = build
    return build


def parallel(shape, layers):
    """One input, an output for each layer."""
    x = keras.Input(shape, name="x")
    return keras.Model(x, [layer(x) for layer in layers])


@model
def dense():
    return parallel((5,), [L.Dense(3), L.Dense(4, use_bias=False), L.Dense(3, "relu"), L.Dense(6, activation="softmax")])


@model
def dense_sequence():
    return parallel((4, 5), [L.Dense(3), L.Dense(4, activation="tanh")])


WORDS = ["linear", "relu", "elu", "selu", "gelu", "swish", "softplus", "softsign", "sigmoid", "hard_sigmoid", "tanh",
         "exponential", "softmax", "mish"]
WORDS_3 = ["relu6", "leaky_relu", "silu", "hard_silu", "celu", "log_sigmoid", "hard_tanh", "tanh_shrink", "soft_shrink"]


@model
def activations():
    return parallel((3, 7), [L.Activation(w) for w in WORDS + (WORDS_3 if V3 else [])])


@model
def activation_arguments():
    return parallel((5,), [L.Dense(3, activation=w) for w in WORDS[1:]])


@model
def activation_layers():
    slope = "negative_slope" if V3 else "alpha"
    return parallel((4, 5, 3), [
        L.ReLU(), L.ReLU(max_value=6), L.ReLU(max_value=1.5), L.ReLU(negative_slope=0.3),
        L.ReLU(max_value=2, negative_slope=0.1), L.ReLU(threshold=0.5), L.ReLU(max_value=2, threshold=1, negative_slope=0.25),
        L.LeakyReLU(), L.LeakyReLU(**{slope: 0.07}), L.ELU(), L.ELU(alpha=0.4), L.Softmax(), L.Softmax(axis=1),
        L.PReLU(), L.PReLU(shared_axes=[1, 2]), L.Conv2D(2, 1, activation=L.LeakyReLU())
    ] + ([] if V3 else [L.ThresholdedReLU(), L.ThresholdedReLU(theta=0.3)]))


@model
def conv2d():
    C = L.Conv2D
    return parallel((7, 6, 4), [
        C(3, 3), C(5, (3, 2), padding="same"), C(3, 3, strides=2, padding="same"), C(3, (2, 3), strides=(2, 1)),
        C(2, 3, dilation_rate=2), C(2, 3, dilation_rate=(2, 1), padding="same"), C(6, 3, groups=2, padding="same"),
        C(4, 3, groups=4), C(3, 1, use_bias=False), C(3, 1, activation="relu"), C(2, (7, 6)), C(3, 3, strides=3, padding="same")
    ])


@model
def conv1d():
    C = L.Conv1D
    return parallel((9, 4), [
        C(3, 3), C(5, 4, padding="same"), C(3, 3, padding="causal"), C(3, 2, padding="causal", dilation_rate=3),
        C(3, 3, strides=2), C(3, 3, strides=2, padding="same"), C(2, 3, dilation_rate=2, padding="same"), C(6, 3, groups=2),
        C(2, 3, strides=2, padding="causal", activation="tanh", use_bias=False)
    ])


@model
def depthwise2d():
    D = L.DepthwiseConv2D
    return parallel((6, 7, 3), [
        D(3), D((3, 2), padding="same"), D(3, depth_multiplier=2), D(3, strides=2, padding="same", depth_multiplier=3),
        D(2, dilation_rate=2, use_bias=False), D(3, strides=(2, 2), activation="relu")
    ])


@model
def depthwise1d():
    D = L.DepthwiseConv1D
    return parallel((8, 3), [D(3), D(4, padding="same"), D(3, depth_multiplier=2, strides=2, padding="same", use_bias=False)])


@model
def separable():
    return parallel((6, 7, 3), [
        L.SeparableConv2D(4, 3), L.SeparableConv2D(2, (3, 2), padding="same", depth_multiplier=2, activation="relu"),
        L.SeparableConv2D(4, 3, strides=2, padding="same", use_bias=False), L.SeparableConv2D(2, 2, dilation_rate=2)
    ])


@model
def separable1d():
    return parallel((8, 3), [
        L.SeparableConv1D(4, 3), L.SeparableConv1D(2, 4, padding="same", depth_multiplier=2, activation="relu"),
        L.SeparableConv1D(3, 3, strides=2), L.SeparableConv1D(3, 3, use_bias=False)
    ] + ([] if V3 else [L.SeparableConv1D(3, 3, padding="causal")]))


@model
def conv2d_transpose():
    T = L.Conv2DTranspose
    return parallel((4, 5, 3), [
        T(2, 3), T(2, 3, strides=2), T(2, 3, strides=2, padding="same"), T(2, (4, 2), strides=(2, 3), padding="same"),
        T(2, 2, strides=3), T(4, 3, padding="same", activation="relu"), T(2, 3, strides=2, output_padding=1, padding="same"),
        T(2, 3, strides=2, output_padding=1), T(2, 3, dilation_rate=2), T(2, 4, strides=2, padding="same", use_bias=False)
    ])


@model
def conv1d_transpose():
    T = L.Conv1DTranspose
    return parallel((5, 3), [T(2, 3), T(2, 3, strides=2), T(2, 4, strides=2, padding="same"), T(2, 2, strides=3, use_bias=False)])


@model
def pools2d():
    M, A, G, H = L.MaxPooling2D, L.AveragePooling2D, L.GlobalAveragePooling2D, L.GlobalMaxPooling2D
    return parallel((7, 6, 3), [
        M(), M(3, padding="same"), M((3, 2), strides=1), M(3, strides=2, padding="same"), A(2), A(3, padding="same"),
        A((3, 2), strides=(1, 2)), A(3, strides=2, padding="same"), G(), G(keepdims=True), H(), H(keepdims=True)
    ])


@model
def pools1d():
    M, A, G, H = L.MaxPooling1D, L.AveragePooling1D, L.GlobalAveragePooling1D, L.GlobalMaxPooling1D
    return parallel((9, 3), [
        M(), M(3, padding="same"), M(3, strides=1), A(2), A(3, padding="same"), A(4, strides=3), G(), G(keepdims=True),
        H(), H(keepdims=True)
    ])


@model
def normalizations():
    B, N = L.BatchNormalization, L.LayerNormalization
    return parallel((4, 5, 3), [
        B(), B(scale=False), B(center=False, epsilon=0.1), B(axis=1), B(scale=False, center=False), N(), N(axis=[1, 2]),
        N(axis=2, scale=False), N(center=False, epsilon=0.01), L.Rescaling(0.5, offset=-1), L.Rescaling([1.0, 2.0, 3.0], 0.25),
        L.Normalization(axis=-1, mean=[1.0, 2.0, 3.0], variance=[4.0, 5.0, 6.0]), L.Normalization(axis=None, mean=1.0, variance=4.0)
    ])


@model
def adapted():
    layers = [L.Normalization(), L.Normalization(axis=None), L.Normalization(axis=1)]
    data = np.random.default_rng(3).normal(2, 3, (50, 4, 3)).astype("float32")
    for layer in layers:
        layer.adapt(data)
    adapted.keep_weights = True
    return parallel((4, 3), layers)


@model
def folded():
    x = keras.Input((8, 8, 3))
    y = L.ZeroPadding2D(((0, 1), (0, 1)))(x)
    y = L.Conv2D(4, 3, strides=2, use_bias=False)(y)
    y = L.ReLU(6.0)(L.BatchNormalization()(y))
    y = L.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = L.ReLU(6.0)(L.BatchNormalization()(y))
    y = L.Dropout(0.5)(L.GlobalAveragePooling2D()(y))
    return keras.Model(x, L.Dense(3, activation="softmax")(y))


@model
def shapes2d():
    Z, C, U = L.ZeroPadding2D, L.Cropping2D, L.UpSampling2D
    return parallel((5, 6, 2), [
        Z(), Z(2), Z((1, 0)), Z(((1, 2), (3, 0))), C(1), C((1, 2)), C(((1, 0), (2, 3))), U(), U((2, 3)),
        U(2, interpolation="bilinear"), L.Reshape((10, 6)), L.Reshape((3, -1, 4)), L.Flatten(), L.Permute((2, 1, 3)),
        L.Permute((3, 1, 2))
    ])


@model
def shapes1d():
    return parallel((6, 4), [
        L.ZeroPadding1D(), L.ZeroPadding1D(2), L.ZeroPadding1D((2, 1)), L.Cropping1D(), L.Cropping1D((2, 1)), L.UpSampling1D(3),
        L.Reshape((24,)), L.Flatten(), L.Permute((2, 1))
    ])


@model
def repeat():
    x = keras.Input((5,))
    return keras.Model(x, L.RepeatVector(4)(x))


@model
def nothing():
    x = keras.Input((4, 3))
    y = x
    for layer in [L.Dropout(0.3), L.SpatialDropout1D(0.3), L.GaussianNoise(0.1), L.GaussianDropout(0.1), L.AlphaDropout(0.1),
                  L.ActivityRegularization(0.1)]:
        y = layer(y)
    return keras.Model(x, L.Dense(2)(y))


@model
def merges():
    a, b, c = (keras.Input((4, 3), name=n) for n in "abc")
    d = keras.Input((4, 1), name="d")
    ends = [layer([a, b]) for layer in (L.Add(), L.Subtract(), L.Multiply(), L.Average(), L.Maximum(), L.Minimum(), L.Concatenate())]
    ends += [layer([a, b, c]) for layer in (L.Add(), L.Multiply(), L.Average(), L.Maximum(), L.Minimum(), L.Concatenate(axis=1))]
    ends += [L.Add()([a, d]), L.Multiply()([d, b])]
    return keras.Model([a, b, c, d], ends)


@model
def dot():
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    return keras.Model([a, b], L.Dot(axes=1)([a, b]))


@model
def lstm():
    R = L.LSTM
    return parallel((5, 3), [
        R(4), R(3, return_sequences=True), R(4, go_backwards=True), R(2, use_bias=False, unit_forget_bias=False),
        R(3, activation="relu", recurrent_activation="hard_sigmoid"), R(5, return_sequences=True, go_backwards=True)
    ])


@model
def gru():
    R = L.GRU
    return parallel((5, 3), [
        R(4), R(3, return_sequences=True), R(4, reset_after=False), R(4, reset_after=False, return_sequences=True, go_backwards=True),
        R(2, use_bias=False), R(3, activation="softsign", recurrent_activation="hard_sigmoid", reset_after=False)
    ])


@model
def simple_rnn():
    R = L.SimpleRNN
    return parallel((5, 3), [R(4), R(3, return_sequences=True), R(4, go_backwards=True), R(2, use_bias=False, activation="relu")])


@model
def bidirectional():
    B = L.Bidirectional
    return parallel((5, 3), [
        B(L.LSTM(2)), B(L.LSTM(3, return_sequences=True)), B(L.GRU(2), merge_mode="sum"), B(L.GRU(2, return_sequences=True), merge_mode="mul"),
        B(L.SimpleRNN(2, return_sequences=True), merge_mode="ave")
    ])


@model
def time_distributed():
    T = L.TimeDistributed
    x = keras.Input((4, 6, 5, 2))
    y = T(L.Conv2D(3, 3, activation="relu"))(x)
    y = T(L.GlobalAveragePooling2D())(y)
    y = T(keras.Sequential([keras.Input((3,)), L.Dense(4, activation="relu"), L.BatchNormalization(), L.Dense(2)]))(y)
    return keras.Model(x, L.LSTM(3)(y))


@model
def embedding():
    embedding.inputs = [np.array([[3, 0, 6, 2, 3]], "<f4")]
    x = keras.Input((5,))
    return keras.Model(x, L.GRU(3)(L.Embedding(7, 4)(x)))


@model
def states():
    x = keras.Input((5, 3), name="x")
    y, h, c = L.LSTM(4, return_state=True, return_sequences=True)(x)
    z, g = L.GRU(4, return_state=True)(y)
    w = L.LSTM(4, return_sequences=True)(y, initial_state=[h, c])
    v = L.SimpleRNN(4)(y, initial_state=g)
    return keras.Model(x, [y, h, c, z, g, w, v])


@model
def shared():
    a, b = keras.Input((6, 5, 2), name="a"), keras.Input((6, 5, 2), name="b")
    i = keras.Input((6, 5, 2))
    y = L.Conv2D(3, 3)(i)
    y = L.BatchNormalization()(y)
    tower = keras.Model(i, L.GlobalMaxPooling2D()(y), name="tower")
    head = keras.Sequential([keras.Input((3,)), L.BatchNormalization(), L.Dense(3, activation="tanh"), L.Dense(2)], name="head")
    both = L.Concatenate()([tower(a), tower(b)])
    deep = L.Dense(3, activation="relu", name="again")
    u = deep(both)
    again = L.Dense(3, name="twice")
    return keras.Model([a, b], [head(u), head(again(again(u)))])


@model
def sequential():
    return keras.Sequential([
        keras.Input((8, 8, 1)), L.Conv2D(2, 3, activation="relu"), L.MaxPooling2D(),
        keras.Sequential([L.Conv2D(3, 2), L.BatchNormalization(), L.Activation("relu")]), L.Flatten(), L.Dense(4, activation="softmax")
    ])


@model
def frozen():
    """Weights that are not trained stand behind the others in .h5 files."""
    inner = keras.Sequential([keras.Input((4,)), L.Dense(3), L.BatchNormalization(), L.Dense(3)], name="inner")
    inner.layers[0].trainable = False
    x = keras.Input((4,))
    return keras.Model(x, L.Dense(2)(inner(x)))


@model
def many():
    """More layers than one node of a group's tree holds."""
    x = keras.Input((3,))
    y = x
    for _ in range(24):
        y = L.Dense(3, activation="tanh")(y)
    return keras.Model(x, y)


def randomize(m, rng):
    weights = []
    for variable, w in zip(m.weights, m.get_weights()):
        name = variable.path if V3 else variable.name
        if "variance" in name:
            w = rng.uniform(0.3, 2, w.shape)
        elif w.dtype.kind == "f":
            w = rng.normal(0, 0.7, w.shape)
        weights.append(np.asarray(w))
    m.set_weights(weights)


def flat(x):
    if isinstance(x, (list, tuple)):
        return [f for part in x for f in flat(part)]
    return [np.asarray(x, dtype="<f4")]


def pack(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in sorted(files.items()):
            z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


BOTH_FORMATS = ("shared", "bidirectional", "frozen", "time_distributed", "sequential")


def main():
    files = {}
    wanted = sys.argv[2:]
    for name, build in MODELS.items():
        if wanted and name not in wanted:
            continue
        keras.backend.clear_session()
        rng = np.random.default_rng(sum(map(ord, name)))
        m = build()
        if not getattr(build, "keep_weights", False):
            randomize(m, rng)
        inputs = getattr(build, "inputs", [rng.normal(0, 1.5, [1, *i.shape[1:]]).astype("<f4") for i in m.inputs])
        outputs = flat(m(inputs if len(inputs) > 1 else inputs[0], training=False))
        for form in (".keras", ".h5"):
            if form != (".keras" if V3 else ".h5") and name not in BOTH_FORMATS:
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / (name + form)
                m.save(path)
                files[path.name] = path.read_bytes()
        files[name + ".f32"] = b"".join(a.tobytes() for a in inputs + outputs)
    pack(sys.argv[1], files)


if __name__ == "__main__":
    main()
