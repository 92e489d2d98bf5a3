#!/usr/bin/env python3
"""Makes the models of tests/onnx: small networks as exporters write them, with ONNX Runtime's answers.

    make_models.py torch DIR       float models, by PyTorch's exporter          (pip install torch onnx)
    make_models.py tensorflow DIR  float models, by tf2onnx                     (pip install tensorflow tf2onnx)
    make_models.py finish DIR      quantized ones of these, and all answers     (pip install onnx onnxruntime)

The parts want packages that do not always go together; each may be run in an environment of its own. A model NAME.onnx comes
with NAME.in_K.bin and NAME.out_K.bin: raw tensors of one run, in the file's order of dimensions.
"""

import pathlib
import sys


def torch_models(folder):
    import torch
    from torch import nn

    torch.manual_seed(7)

    def settled(net):
        for m in net.modules():
            if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
                m.running_mean.uniform_(-0.5, 0.5)
                m.running_var.uniform_(0.5, 2)
                m.weight.data.uniform_(0.5, 1.5)
                m.bias.data.uniform_(-0.5, 0.5)
        return net.eval()

    def export(name, net, shape, opset, training=False):
        mode = torch.onnx.TrainingMode.PRESERVE if training else torch.onnx.TrainingMode.EVAL
        torch.onnx.export(settled(net), torch.randn(shape), str(folder / f"{name}.onnx"), opset_version=opset, input_names=["x"],
                          output_names=["y"], training=mode, do_constant_folding=not training)

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
            self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8), nn.BatchNorm2d(8), nn.ReLU6())
            self.pointwise = nn.Conv2d(8, 12, 1)
            self.last = nn.Conv2d(12, 12, 3, padding=1)
            self.dense = nn.Linear(12 * 3 * 4, 5)

        def forward(self, x):
            x = self.pointwise(self.depthwise(self.first(x)))
            x = torch.relu(self.last(x) + x)
            return self.dense(nn.functional.max_pool2d(x, 2).flatten(1))

    class SqueezeExcite(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(2, 8, 3, groups=2)
            self.down, self.up = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
            self.transposed = nn.ConvTranspose2d(8, 2, 4, stride=2, padding=1)

        def forward(self, x):
            x = nn.functional.hardswish(self.conv(x))
            s = torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3), keepdim=True)))))
            x = torch.cat([x * s, x], 1)[:, 4:12]
            return self.transposed(nn.functional.interpolate(x, scale_factor=2.0, mode="nearest"))

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv, self.out, self.norm = nn.Linear(8, 24), nn.Linear(8, 8), nn.LayerNorm(8)

        def forward(self, x):
            q, k, v = self.qkv(self.norm(x)).split(8, -1)
            heads = [t.reshape(1, 6, 2, 4).transpose(1, 2) for t in (q, k, v)]
            a = torch.softmax(heads[0] @ heads[1].transpose(-1, -2) / 2.0, -1) @ heads[2]
            return x + nn.functional.gelu(self.out(a.transpose(1, 2).reshape(1, 6, 8)))

    class Recurrent(nn.Module):
        def __init__(self, kind, **more):
            super().__init__()
            self.layer = kind(4, 5, batch_first=True, **more)
            self.dense = nn.Linear(5 * (2 if more.get("bidirectional") else 1), 3)

        def forward(self, x):
            y, _ = self.layer(x)
            return self.dense(y[:, -1])

    signal = nn.Sequential(nn.Conv1d(3, 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 8, 3, dilation=2, padding=2, groups=8),
                           nn.Conv1d(8, 16, 1), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(16, 4), nn.Softmax(-1))
    export("residual", Residual(), (1, 3, 12, 16), 13)
    export("batch_norm", Residual(), (1, 3, 12, 16), 9, training=True)  # normalization left as it is
    export("squeeze_excite", SqueezeExcite(), (1, 2, 8, 10), 14)
    export("signal", signal, (1, 3, 40), 13)
    export("attention", Attention(), (1, 6, 8), 17)
    export("lstm", Recurrent(nn.LSTM, bidirectional=True), (1, 7, 4), 12)
    export("gru", Recurrent(nn.GRU), (1, 7, 4), 12)
    export("rnn", Recurrent(nn.RNN), (1, 7, 4), 12)


def tensorflow_models(folder):
    import tensorflow as tf
    import tf2onnx

    tf.keras.utils.set_random_seed(7)
    layers = tf.keras.layers
    net = tf.keras.Sequential([
        layers.Input((14, 10, 1), batch_size=1), layers.Conv2D(6, (3, 2), strides=2, padding="same", activation="relu"), layers.BatchNormalization(),
        layers.DepthwiseConv2D(3, padding="same"), layers.ReLU(6.0), layers.Conv2D(8, 1), layers.AveragePooling2D(2), layers.Flatten(),
        layers.Dense(5, activation="softmax")])

    @tf.function(input_signature=[tf.TensorSpec((1, 14, 10, 1), tf.float32, name="x")])
    def call(x):
        return net(x, training=False)

    tf2onnx.convert.from_function(call, input_signature=call.input_signature, opset=15, output_path=str(folder / "keras.onnx"))


def finish(folder):
    import numpy
    import onnx
    import onnxruntime
    from onnxruntime import quantization as q

    class Inputs(q.CalibrationDataReader):
        def __init__(self, model):
            self.values = iter([answers_inputs(model, seed) for seed in range(8)])

        def get_next(self):
            return next(self.values, None)

    def answers_inputs(path, seed):
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        rng = numpy.random.default_rng(seed)
        return {i.name: rng.standard_normal(i.shape).astype(numpy.float32) for i in session.get_inputs()}

    for name in ("residual", "signal", "keras"):
        prepared = folder / "prepared.tmp"
        q.quant_pre_process(str(folder / f"{name}.onnx"), str(prepared), skip_symbolic_shape=True)
        for suffix, form, activations, weights, channels in (("qdq_s8", q.QuantFormat.QDQ, q.QuantType.QInt8, q.QuantType.QInt8, True),
                                                             ("qdq_u8", q.QuantFormat.QDQ, q.QuantType.QUInt8, q.QuantType.QInt8, False),
                                                             ("qop_u8", q.QuantFormat.QOperator, q.QuantType.QUInt8, q.QuantType.QInt8, True)):
            q.quantize_static(str(prepared), str(folder / f"{name}_{suffix}.onnx"), Inputs(prepared), quant_format=form,
                              activation_type=activations, weight_type=weights, per_channel=channels)
        prepared.unlink()
    for path in sorted(folder.glob("*.onnx")):
        model = onnx.load(path)
        del model.graph.value_info[:]
        for node in model.graph.node:
            node.doc_string = ""
        model.doc_string = ""
        onnx.save(model, path)
        feeds = answers_inputs(path, 99)
        # Without optimization: what the file says, node by node.
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for k, array in enumerate(feeds.values()):
            path.with_suffix(f".in_{k}.bin").write_bytes(array.tobytes())
        for k, array in enumerate(session.run(None, feeds)):
            path.with_suffix(f".out_{k}.bin").write_bytes(array.tobytes())


def main():
    parts = {"torch": torch_models, "tensorflow": tensorflow_models, "finish": finish}
    if len(sys.argv) != 3 or sys.argv[1] not in parts:
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    parts[sys.argv[1]](folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
