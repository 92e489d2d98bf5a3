#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "ir/graph.hpp"

namespace smelt {
namespace {

constexpr const char* sound = R"(graph "g" from "g.tflite"
  tensor %0 "in" i8[1, 4] scale=0.5 zero=0
  tensor %1 "w" i8[2, 4] scale=[0.5, 0.25] zero=0 data=[1, 2, 3, 4, 5, 6, 7, 8]
  tensor %2 "mid" i8[1, 2] scale=0.5 zero=0
  tensor %3 "out" i8[1, 2] scale=0.5 zero=0
  tensor %4 "unused" i8[-1] scale=-4 zero=[1, 2, 3]
  inputs (%0)
  outputs (%3)
  node %2 = first(%0, %1, _)
  node %3 = second(%2))";

struct Case {
  const char* what;
  std::function<void(Graph&)> damage;
  const char* expected;
};

std::string verdict(const Graph& g) {
  const Outcome o = verify_structure(g);
  return o ? "sound\n" : o.failure().to_string();
}

TEST(Verify, SoundIsSoundWhateverUnusedTensorsSay) { EXPECT_EQ(verdict(*parse(sound)), "sound\n"); }

TEST(Verify, EachRuleHasItsWords) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Case cases[] = {
      {"no inputs", [](Graph& g) { g.inputs = {}; },
       "error[E0412]: g.tflite: the graph has no inputs\n"
       "error[E0418]: g.tflite: node 0 \"mid\" (first): input 0 \"in\" is used before any node makes it\n"
       "  help: nodes must stand in execution order, without cycles\n"},
      {"no outputs", [](Graph& g) { g.outputs = {}; }, "error[E0412]: g.tflite: the graph has no outputs\n"},
      {"graph input out of range", [](Graph& g) { g.inputs.push_back(5); },
       "error[E0412]: g.tflite: graph input 5 is not a tensor of this graph\n"},
      {"graph output out of range", [](Graph& g) { g.outputs.push_back(-1); },
       "error[E0412]: g.tflite: graph output -1 is not a tensor of this graph\n"},
      {"node input out of range", [](Graph& g) { g.nodes[1].inputs.push_back(-2); },
       "error[E0412]: g.tflite: node 1 \"out\" (second): input -2 is not a tensor of this graph\n"},
      {"node output absent", [](Graph& g) { g.nodes[0].outputs.push_back(no_tensor); },
       "error[E0412]: g.tflite: node 0 \"mid\" (first): output -1 is not a tensor of this graph\n"},
      {"rank", [](Graph& g) { g.tensors[2].shape = Shape(9, 1); },
       "error[E0413]: g.tflite: tensor 2 \"mid\": rank 9 is more than 8\n"},
      {"empty",
       [](Graph& g) {
         g.tensors[2].shape = {3, 0};
       },
       "error[E0413]: g.tflite: tensor 2 \"mid\": shape 3x0 has a dimension of 0\n"
       "  help: empty tensors hold nothing to compute and are not supported\n"},
      {"unknown dimension",
       [](Graph& g) {
         g.tensors[2].shape = {-1, 3};
       },
       "error[E0413]: g.tflite: tensor 2 \"mid\": shape -1x3 has a dimension of -1\n"
       "  help: every dimension must be known; export the model with a fixed input shape\n"},
      {"overflowing shape", [](Graph& g) { g.tensors[2].shape = Shape(8, std::numeric_limits<int32_t>::max()); },
       "error[E0414]: g.tflite: tensor 2 \"mid\": shape "
       "2147483647x2147483647x2147483647x2147483647x2147483647x2147483647"
       "x2147483647x2147483647 takes more than 256 MB\n"},
      {"one byte too many",
       [](Graph& g) {
         g.tensors[2].shape = {1 << 28, 1, 1}, g.tensors[3].shape = {(1 << 28) + 1};
       },
       "error[E0414]: g.tflite: tensor 3 \"out\": shape 268435457 takes more than 256 MB\n"},
      {"constant too short", [](Graph& g) { g.tensors[1].data = std::make_shared<const Bytes>(7); },
       "error[E0415]: g.tflite: tensor 1 \"w\": the constant has 7 bytes, its type i8 2x4 needs 8\n"},
      {"zero scale", [](Graph& g) { g.tensors[2].quant.scale = {0}; },
       "error[E0416]: g.tflite: tensor 2 \"mid\": quantization: scale 0.000000 is not a positive finite number\n"},
      {"NaN scale", [=](Graph& g) { g.tensors[2].quant.scale = {nan}; },
       "error[E0416]: g.tflite: tensor 2 \"mid\": quantization: scale nan is not a positive finite number\n"},
      {"infinite scale", [](Graph& g) { g.tensors[1].quant.scale[1] = std::numeric_limits<float>::infinity(); },
       "error[E0416]: g.tflite: tensor 1 \"w\": quantization: scale inf is not a positive finite number\n"},
      {"zero point of i8", [](Graph& g) { g.tensors[2].quant.zero_point = {128}; },
       "error[E0416]: g.tflite: tensor 2 \"mid\": quantization: zero point 128 is outside i8\n"},
      {"zero point of u8", [](Graph& g) { g.tensors[2].dtype = DType::u8, g.tensors[2].quant.zero_point = {-1}; },
       "error[E0416]: g.tflite: tensor 2 \"mid\": quantization: zero point -1 is outside u8\n"},
      {"zero point count", [](Graph& g) { g.tensors[2].quant.zero_point = {}; },
       "error[E0416]: g.tflite: tensor 2 \"mid\": quantization: 1 scales but 0 zero points\n"},
      {"per-channel count", [](Graph& g) { g.tensors[1].quant.axis = 1; },
       "error[E0416]: g.tflite: tensor 1 \"w\": quantization: 2 scales for 4 slices along axis 1\n"},
      {"per-channel axis", [](Graph& g) { g.tensors[1].quant.axis = 2; },
       "error[E0416]: g.tflite: tensor 1 \"w\": quantization: axis 2 is not a dimension of shape 2x4\n"},
      {"negative axis", [](Graph& g) { g.tensors[1].quant.axis = -1; },
       "error[E0416]: g.tflite: tensor 1 \"w\": quantization: axis -1 is not a dimension of shape 2x4\n"},
      {"quantized float", [](Graph& g) { g.tensors[2].dtype = DType::f32; },
       "error[E0416]: g.tflite: tensor 2 \"mid\": quantization: a tensor of type f32 cannot be quantized\n"},
      {"constant graph input", [](Graph& g) { g.tensors[0].data = std::make_shared<const Bytes>(4); },
       "error[E0417]: g.tflite: tensor 0 \"in\": a graph input has constant content\n"},
      {"input twice",
       [](Graph& g) {
         g.inputs = {0, 0};
       },
       "error[E0417]: g.tflite: tensor 0 \"in\": the tensor is listed twice as a graph input\n"},
      {"output twice",
       [](Graph& g) {
         g.outputs = {3, 3};
       },
       "error[E0417]: g.tflite: tensor 3 \"out\": the tensor is listed twice as a graph output\n"},
      {"output is an input", [](Graph& g) { g.outputs = {0}; },
       "error[E0417]: g.tflite: tensor 0 \"in\": a graph output is not made by any node\n"},
      {"output is a constant", [](Graph& g) { g.outputs = {1}; },
       "error[E0417]: g.tflite: tensor 1 \"w\": a graph output is not made by any node\n"},
      {"no node makes the output", [](Graph& g) { g.nodes.pop_back(); },
       "error[E0417]: g.tflite: tensor 3 \"out\": a graph output is not made by any node\n"},
      {"order", [](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); },
       "error[E0418]: g.tflite: node 0 \"out\" (second): input 2 \"mid\" is used before any node makes it\n"
       "  help: nodes must stand in execution order, without cycles\n"},
      {"a cycle", [](Graph& g) { g.nodes[0].inputs[0] = 3; },
       "error[E0418]: g.tflite: node 0 \"mid\" (first): input 3 \"out\" is used before any node makes it\n"
       "  help: nodes must stand in execution order, without cycles\n"},
      {"two producers",
       [](Graph& g) {
         g.nodes[1].outputs = {3, 2};
       },
       "error[E0418]: g.tflite: node 1 \"out\" (second): output 2 \"mid\" is made by another node already\n"},
      {"a node makes an input",
       [](Graph& g) {
         g.nodes[1].outputs = {3, 0};
       },
       "error[E0418]: g.tflite: node 1 \"out\" (second): output 0 \"in\" is a graph input\n"},
      {"a node makes a constant",
       [](Graph& g) {
         g.nodes[1].outputs = {3, 1};
       },
       "error[E0418]: g.tflite: node 1 \"out\" (second): output 1 \"w\" is a constant\n"},
      {"a node without outputs", [](Graph& g) { g.nodes.push_back(g.nodes[1]), g.nodes[2].outputs = {}; },
       "error[E0412]: g.tflite: node 2 (second): the node has no outputs\n"},
  };
  for (const Case& c : cases) {
    Graph g = *parse(sound);
    c.damage(g);
    EXPECT_EQ(verdict(g), c.expected) << c.what;
  }
}

TEST(Verify, AllMistakesInOneFailure) {
  Graph g = *parse(sound);
  g.tensors[0].shape = {0};
  g.tensors[1].quant.axis = 7;
  g.tensors[2].quant.scale = {0};
  g.nodes[1].inputs = {17};
  const Outcome o = verify_structure(g);
  ASSERT_FALSE(o.ok());
  EXPECT_EQ(o.failure().diagnostics.size(), 4U) << o.failure().to_string();
}

TEST(Verify, TotalsAreBounded) {
  Graph g = *parse(sound);
  Node n = g.nodes[1];
  for (int i = 0; i < 4; ++i) {  // each allowed, all together a little more than 1 GB
    n.inputs = n.outputs;
    n.outputs = {g.add(Tensor{"t", DType::i8, {1 << 28}, {}, nullptr, -1})};
    g.nodes.push_back(n);
  }
  EXPECT_EQ(verdict(g),
            "error[E0414]: g.tflite: all tensors together take more than 1024 MB\n"
            "  help: models this large are beyond what this tool is for\n");

  g = *parse(sound);
  g.nodes.resize(max_graph_nodes + 1);
  EXPECT_EQ(verdict(g),
            "error[E0411]: g.tflite: 8193 nodes and 5 tensors are too many\n"
            "  help: at most 8192 nodes and 65536 tensors are accepted\n");

  g = *parse(sound);
  g.nodes[0].inputs.assign(16 * max_graph_nodes, 0);
  EXPECT_EQ(verdict(g), "error[E0411]: g.tflite: the nodes have too many operands in all\n");
}

}  // namespace
}  // namespace smelt
