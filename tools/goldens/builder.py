"""Builds small TFLite models (schema 3) on the flatbuffer object API.

Contract: the same calls give the same bytes. Tensors get their own buffer only when they are constant; operators get both
builtin code fields, as every reader expects, and the version a converter would write.
"""

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

DTYPES = {
    "int8": (np.int8, schema.TensorType.INT8),
    "uint8": (np.uint8, schema.TensorType.UINT8),
    "int16": (np.int16, schema.TensorType.INT16),
    "int32": (np.int32, schema.TensorType.INT32),
    "int64": (np.int64, schema.TensorType.INT64),
    "int64": (np.int64, schema.TensorType.INT64),
    "bool": (np.bool_, schema.TensorType.BOOL),
    "float16": (np.float16, schema.TensorType.FLOAT16),
    "float32": (np.float32, schema.TensorType.FLOAT32),
}

QUANTIZED = ("int8", "uint8", "int16")

ACTIVATIONS = {
    "NONE": schema.ActivationFunctionType.NONE,
    "RELU": schema.ActivationFunctionType.RELU,
    "RELU6": schema.ActivationFunctionType.RELU6,
    "RELU_N1_TO_1": schema.ActivationFunctionType.RELU_N1_TO_1,
}

# Of sums of 16-bit activations.
BIAS_TYPES = {"int32": schema.TensorType.INT32, "int64": schema.TensorType.INT64}

PADDINGS = {"SAME": schema.Padding.SAME, "VALID": schema.Padding.VALID}

# Operator versions as (float32, quantized); operators that are not listed are at version 1 for both.
VERSIONS = {
    "CONV_2D": (1, 3), "DEPTHWISE_CONV_2D": (2, 3), "FULLY_CONNECTED": (1, 4), "AVERAGE_POOL_2D": (1, 2),
    "MAX_POOL_2D": (1, 2), "ADD": (1, 2), "SUB": (1, 2), "MUL": (1, 2), "MAXIMUM": (1, 2), "MINIMUM": (1, 2),
    "RELU": (1, 2), "RELU6": (1, 2), "LEAKY_RELU": (1, 2), "LOGISTIC": (1, 2), "TANH": (1, 2), "SOFTMAX": (1, 2),
    "TRANSPOSE": (1, 2), "PAD": (1, 2), "PADV2": (1, 2), "CONCATENATION": (1, 2), "SPLIT": (1, 2), "SPLIT_V": (1, 2),
    "PACK": (1, 2), "UNPACK": (1, 2), "SLICE": (1, 2), "STRIDED_SLICE": (1, 2), "MEAN": (1, 2), "SUM": (1, 2),
    "REDUCE_MAX": (1, 2), "RESIZE_NEAREST_NEIGHBOR": (1, 2), "RESIZE_BILINEAR": (1, 2), "QUANTIZE": (1, 2),
    "DEQUANTIZE": (1, 2), "BROADCAST_TO": (2, 3),
}

# The same with 16-bit activations, where it is another one.
VERSIONS_16 = {
    "CONV_2D": 8, "DEPTHWISE_CONV_2D": 5, "FULLY_CONNECTED": 11, "ADD": 4, "SUB": 5, "MUL": 5, "MAXIMUM": 4, "MINIMUM": 4,
    "AVERAGE_POOL_2D": 3, "MAX_POOL_2D": 3, "MEAN": 3, "REDUCE_MAX": 3, "RELU": 3, "RELU6": 3, "LOGISTIC": 3, "TANH": 3,
    "SOFTMAX": 3, "PAD": 3, "PADV2": 3, "CONCATENATION": 3, "SPLIT": 4, "PACK": 3, "UNPACK": 4, "TRANSPOSE": 3,
    "SLICE": 4, "STRIDED_SLICE": 4, "RESIZE_BILINEAR": 4, "RESIZE_NEAREST_NEIGHBOR": 4, "DEQUANTIZE": 3,
}


def numpy_type(dtype):
    return DTYPES[dtype][0]


class Tensor:
    """A tensor of a graph under construction: index, shape, dtype and, where quantized, scale(s) and zero point(s)."""

    def __init__(self, index, shape, dtype, scale, zero_point):
        self.index, self.shape, self.dtype = index, tuple(shape), dtype
        self.scale, self.zero_point = scale, zero_point


class Graph:
    """One subgraph under construction. Add tensors and operators in execution order, then `pack` it to bytes."""

    def __init__(self, description):
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = description
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.model.metadata = []
        self.subgraph = schema.SubGraphT()
        self.subgraph.name = "main"
        self.subgraph.tensors, self.subgraph.operators = [], []
        self.subgraph.inputs, self.subgraph.outputs = [], []
        self.model.subgraphs = [self.subgraph]
        self.inputs, self.outputs = [], []

    def tensor(self, shape, dtype, scale=None, zero_point=0, data=None, axis=0, name=None):
        """Adds a tensor; `scale` is None, a number, or one number per slice along `axis`."""
        t = schema.TensorT()
        t.shape = np.array(shape, np.int32)
        t.type = DTYPES[dtype][1]
        index = len(self.subgraph.tensors)
        t.name = name or f"t{index}"
        if scale is not None:
            scales = np.atleast_1d(np.float32(scale))
            t.quantization = schema.QuantizationParametersT()
            t.quantization.scale = scales
            t.quantization.zeroPoint = np.full(scales.shape, zero_point, np.int64)
            t.quantization.quantizedDimension = axis if len(scales) > 1 else 0
        if data is not None:
            data = np.ascontiguousarray(data, numpy_type(dtype)).reshape(shape)
            t.buffer = self._buffer(data.tobytes())
        self.subgraph.tensors.append(t)
        return Tensor(index, shape, dtype, scale, zero_point)

    def variable(self, shape, dtype, *quantization):
        """A tensor of state."""
        t = self.tensor(shape, dtype, *quantization)
        self.subgraph.tensors[t.index].isVariable = True
        return t

    def input(self, *args, **kwargs):
        t = self.tensor(*args, **kwargs, name=f"in{len(self.inputs)}")
        self.inputs.append(t)
        return t

    def output(self, t):
        self.outputs.append(t)
        return t

    def op(self, name, inputs, outputs, options=None, version=None, intermediates=None, **fields):
        """Adds operator `name`; `options` names the schema's options table, `fields` are its members.

        `intermediates`: tensors that stand for what is computed within. None among the inputs stands for an absent optional one. `version`: where it is neither of VERSIONS.
        """
        o = schema.OperatorT()
        quantized = any(t and t.dtype in QUANTIZED for t in inputs[:1] + outputs)
        version = VERSIONS.get(name, (1, 1))[quantized]
        if any(t and t.dtype == "int16" for t in inputs[:1] + outputs):
            version = VERSIONS_16.get(name, version)
        o.opcodeIndex = self._code(name, version)
        o.inputs = np.array([t.index if t else -1 for t in inputs], np.int32)
        o.outputs = np.array([t.index for t in outputs], np.int32)
        if intermediates:
            o.intermediates = np.array([t.index for t in intermediates], np.int32)
        if options:
            o.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            o.builtinOptions = getattr(schema, options + "T")()
            for key, value in fields.items():
                assert hasattr(o.builtinOptions, key), (options, key)
                setattr(o.builtinOptions, key, value)
        self.subgraph.operators.append(o)

    def metadata(self, name, data):
        m = schema.MetadataT()
        m.name, m.buffer = name, self._buffer(data)
        self.model.metadata.append(m)

    def pack(self):
        self.subgraph.inputs = np.array([t.index for t in self.inputs], np.int32)
        self.subgraph.outputs = np.array([t.index for t in self.outputs], np.int32)
        b = flatbuffers.Builder(4096)
        b.Finish(self.model.Pack(b), b"TFL3")
        return bytes(b.Output())

    def _buffer(self, data):
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data, np.uint8)
        self.model.buffers.append(buffer)
        return len(self.model.buffers) - 1

    def _code(self, name, version):
        code = getattr(schema.BuiltinOperator, name)
        for i, c in enumerate(self.model.operatorCodes):
            if (c.builtinCode, c.version) == (code, version):
                return i
        c = schema.OperatorCodeT()
        c.builtinCode, c.deprecatedBuiltinCode, c.version = code, min(code, 127), version
        self.model.operatorCodes.append(c)
        return len(self.model.operatorCodes) - 1
