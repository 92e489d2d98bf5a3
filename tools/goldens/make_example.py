#!/usr/bin/env python3
"""Makes examples/tones: synthesizes data, trains a small network, quantizes it to int8, records the reference's answers.

The data are 16 steps of an 8-band spectrogram, as a feature block would deliver them: a rising tone, a falling tone, a click,
or noise. Fixed seeds and one thread make a run repeatable on one machine; another processor may train other weights.
"""

import pathlib
import sys

import reference  # first: it sets up TensorFlow's environment

import numpy as np
import tensorflow as tf

LABELS = ["rising", "falling", "click", "noise"]
STEPS, BANDS = 16, 8
OUT = pathlib.Path(__file__).parents[2] / "examples" / "tones"


def sweep(rng, direction):
    """A tone that moves over at least three bands; its energy spreads over the two bands next to it."""
    start, span = rng.uniform(0, 2.5), rng.uniform(3, 5)
    centre = start + span * np.linspace(0, 1, STEPS)
    if direction < 0:
        centre = centre[::-1]
    first, last = rng.integers(0, 4), rng.integers(12, STEPS + 1)
    x = np.exp(-((np.arange(BANDS) - centre[:, None]) / rng.uniform(0.5, 0.9)) ** 2)
    x[:first], x[last:] = 0, 0
    return x * rng.uniform(0.5, 1.0)


def click(rng):
    """All bands at once, decaying within a few steps."""
    age = np.arange(STEPS) - rng.integers(1, STEPS - 3)
    decay = np.where(age >= 0, np.exp(-age / rng.uniform(0.6, 2.0)), 0)
    return decay[:, None] * rng.uniform(0.6, 1.0, BANDS)


def noise(rng):
    """Stationary, coloured."""
    return rng.uniform(0.1, 0.6) * rng.gamma(2.0, 0.5, (STEPS, BANDS)) * rng.uniform(0.5, 1.0, BANDS)


def window(rng, label):
    x = [lambda: sweep(rng, 1), lambda: sweep(rng, -1), lambda: click(rng), lambda: noise(rng)][label]()
    floor = rng.uniform(0.05, 0.4) * rng.gamma(2.0, 0.5, (STEPS, BANDS))
    return np.clip(x + floor, 0, 1).astype(np.float32)[..., None]


def data(seed, count):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(LABELS)
    return np.stack([window(rng, label) for label in labels]), labels


def network(batch):
    layers = tf.keras.layers

    def block(x, layer):
        return layers.ReLU()(layers.BatchNormalization()(layer(x)))

    inputs = x = layers.Input((STEPS, BANDS, 1), batch_size=batch, name="window")
    x = block(x, layers.Conv2D(16, (4, 3), strides=(2, 2), padding="same", use_bias=False))
    for filters in 24, 32:
        x = block(x, layers.DepthwiseConv2D((3, 3), padding="same", use_bias=False))
        x = block(x, layers.Conv2D(filters, (1, 1), use_bias=False))
    x = layers.AveragePooling2D((8, 4))(x)
    x = layers.Flatten()(x)
    return tf.keras.Model(inputs, layers.Dense(len(LABELS), activation="softmax")(x))


def quantize(model, x):
    """Full-integer quantization by the converter, calibrated on training data."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[i:i + 1]] for i in range(200))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def main():
    tf.keras.utils.set_random_seed(11)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    x, labels = data(1, 1920)
    x_test, labels_test = data(2, 400)
    # Smooth labels keep the answers away from 0 and 1, where every small mistake of a kernel would go unseen.
    smooth_loss = tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.3)
    trained = network(None)
    trained.compile(tf.keras.optimizers.Adam(0.004), smooth_loss)
    trained.fit(x, tf.one_hot(labels, len(LABELS)), batch_size=32, epochs=12, verbose=0)
    print(f"float accuracy {np.mean(trained(x_test, training=False).numpy().argmax(1) == labels_test):.3f}")

    exported = network(1)
    exported.set_weights(trained.get_weights())
    tflite = quantize(exported, x)
    interpreter = reference.Interpreter(model_content=tflite)
    scale, zero_point = interpreter.get_input_details()[0]["quantization"]
    quantized = np.clip(np.round(x_test / scale) + zero_point, -128, 127).astype(np.int8)
    answers = reference.run(tflite, [[q[None]] for q in quantized])
    classes = np.array([a[0].argmax() for a in answers])
    print(f"int8 accuracy {np.mean(classes == labels_test):.3f}, {len(tflite)} bytes")
    print("rows: truth, columns: answer", [[int(np.sum((labels_test == i) & (classes == j))) for j in range(4)] for i in range(4)])

    for folder in "inputs", "expect":
        (OUT / folder).mkdir(parents=True, exist_ok=True)
    (OUT / "tones.tflite").write_bytes(tflite)
    (OUT / "labels.txt").write_text("\n".join(LABELS) + "\n")
    for i in range(16):
        (OUT / "inputs" / f"in_{i:02d}.bin").write_bytes(quantized[i].tobytes())
        (OUT / "expect" / f"out_{i:02d}.bin").write_bytes(answers[i][0].tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
