"""Recurrent layers as the TFLite converter makes them of Keras 2 models, which it knows how to fuse."""

import numpy as np

from builder import schema, Tensor

NUMPY = {schema.TensorType.INT8: "int8", schema.TensorType.FLOAT32: "float32"}


def converted(m, time, inputs, layers, integer=True):
    """`layers(keras, x)`: the model's output. Weights are the case's own; ranges come from normal inputs."""
    import tensorflow as tf
    import tf_keras as keras

    x = keras.Input((time, inputs), batch_size=1)
    model = keras.Model(x, layers(keras, x))
    for w in model.weights:
        w.assign(m.rng.normal(0, 0.6, w.shape))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if integer:
        examples = [m.rng.normal(size=(1, time, inputs)).astype(np.float32) for _ in range(20)]
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([e] for e in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    take(m, converter.convert())


def take(m, data):
    """The case becomes the model of a file."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    model.metadata = []
    m.g.model, m.g.subgraph = model, model.subgraphs[0]
    wrapped = lambda i: Tensor(int(i), m.g.subgraph.tensors[i].shape, NUMPY[m.g.subgraph.tensors[i].type], None, 0)
    m.g.inputs = [wrapped(i) for i in m.g.subgraph.inputs]
    m.g.outputs = [wrapped(i) for i in m.g.subgraph.outputs]
    m._draw = [lambda run, t=t: m.values(t.shape, t.dtype) for t in m.g.inputs]


def time_major(keras, x):
    import tensorflow as tf
    turn = keras.layers.Lambda(lambda v: tf.transpose(v, [1, 0, 2]))
    return keras.layers.LSTM(6, return_sequences=True, time_major=True)(turn(x))


def stacked(keras, x):
    x = keras.layers.LSTM(5)(keras.layers.LSTM(7, return_sequences=True)(x))
    return keras.layers.Dense(3, activation="softmax")(x)



def converted_lstms(c):
    one = lambda units, **options: lambda keras, x: keras.layers.LSTM(units, **options)(x)
    c.add_named("int8", "lstm_sequence", converted, 7, 3, one(6, return_sequences=True))
    c.add_named("int8", "lstm_last", converted, 9, 10, one(8))
    c.add_named("int8", "lstm_time_major", converted, 5, 4, time_major)
    c.add_named("int8", "lstm_stacked", converted, 6, 3, stacked)
    c.add_named("float32", "lstm_last_float", converted, 6, 3, one(4), integer=False)
    c.add_named("float32", "lstm_stacked_float", converted, 6, 3, stacked, integer=False)
