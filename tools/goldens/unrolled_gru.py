"""A GRU as exporters unroll it: Keras builds it, the converter writes it, with calibration for int8."""

import numpy as np
import tensorflow as tf

from builder import schema

SHAPE, UNITS, CLASSES = (4, 3), 5, 3


def draw(rng, count):
    return rng.normal(0, 1, (count, *SHAPE)).astype(np.float32)


def keras_model(rng):
    model = tf.keras.Sequential([tf.keras.Input(SHAPE, batch_size=1), tf.keras.layers.GRU(UNITS, unroll=True),
                                 tf.keras.layers.Dense(CLASSES)])
    model.set_weights([rng.normal(0, 0.6, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def converted(rng, integer):
    """The converter's model as an object, its tensors renamed: names are most of such a file."""
    model = keras_model(rng)
    run = tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec((1, *SHAPE)))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([run])
    if integer:
        examples = draw(rng, 32)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([e[None]] for e in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    m = schema.ModelT.InitFromObj(schema.Model.GetRootAs(converter.convert(), 0))
    for i, t in enumerate(m.subgraphs[0].tensors):
        t.name = f"t{i}"
    m.metadata, m.signatureDefs = [], None
    return m
