// What a model says arrives in the graph; what it says wrongly, or what is not supported, is named.
#include <gtest/gtest.h>

#include "ir/graph.hpp"
#include "tests/import/models.hpp"

namespace smelt {
namespace {

using testing::Builder;
using testing::codes;
using testing::has_code;
using testing::read;
using testing::two_relus;
using tflite::BuiltinOperator;
using tflite::TensorType;
using Codes = std::vector<std::string>;

TEST(Tflite, ReadsTensorsNodesAndTheirOrigins) {
  const Result<Graph> graph = read(two_relus().model);
  ASSERT_TRUE(graph) << graph.failure().to_string();
  EXPECT_EQ(graph->name, "test");
  EXPECT_EQ(graph->file, "test.tflite");
  ASSERT_EQ(graph->nodes.size(), 2u);
  EXPECT_EQ(graph->nodes[1].op, "relu");
  EXPECT_EQ(graph->nodes[1].source, 1);
  EXPECT_FALSE(graph->nodes[1].attrs.has("tflite_op"));
  const Tensor& out = graph->at(graph->outputs.at(0));
  EXPECT_EQ(out.name, "out");
  EXPECT_EQ(out.dtype, DType::i8);
  EXPECT_EQ(out.shape, (Shape{1, 4}));
  EXPECT_EQ(out.quant, (Quantization{{0.5f}, {-3}, 0}));
  EXPECT_EQ(out.source, 2);
}

TEST(Tflite, LeavesOutTensorsThatNothingMentions) {
  Builder b = two_relus();
  b.tensor("unused", {1, 4}, TensorType::STRING);  // of a type that could not be held
  const Result<Graph> graph = read(b.model);
  ASSERT_TRUE(graph) << graph.failure().to_string();
  EXPECT_EQ(graph->tensors.size(), 3u);
}

TEST(Tflite, KeepsMetadataByName) {
  Builder b = two_relus();
  b.model.buffers.push_back(std::make_unique<tflite::BufferT>());
  b.model.buffers.back()->data = {1, 2, 3};
  b.model.metadata.push_back(std::make_unique<tflite::MetadataT>());
  b.model.metadata[0]->name = "min_runtime_version";
  b.model.metadata[0]->buffer = 1;
  const Result<Graph> graph = read(b.model);
  ASSERT_TRUE(graph) << graph.failure().to_string();
  EXPECT_EQ(*graph->metadata.at("min_runtime_version"), (Bytes{1, 2, 3}));
  b.model.metadata[0]->buffer = 2;
  EXPECT_EQ(codes(read(b.model)), Codes{"E0203"});
}

TEST(Tflite, ReadsOperatorCodesOfOldAndNewFiles) {
  for (const bool old : {true, false}) {
    Builder b = two_relus();
    for (auto& code : b.model.operator_codes) {
      if (old) code->builtin_code = BuiltinOperator::ADD;  // the field is absent: 0
      if (!old) code->deprecated_builtin_code = 0;
    }
    const Result<Graph> graph = read(b.model);
    ASSERT_TRUE(graph) << graph.failure().to_string();
    EXPECT_EQ(graph->nodes[0].op, "relu");
  }
}

TEST(Tflite, NamesAreMadePrintable) {
  Builder b = two_relus();
  b.at(2).name = "out\x1b[2J*/\n";
  const Result<Graph> graph = read(b.model);
  ASSERT_TRUE(graph) << graph.failure().to_string();
  EXPECT_EQ(graph->at(graph->outputs[0]).name, "out?[2J*/?");
}

TEST(Tflite, QuantizationOfFloatsMeansNothing) {
  Builder b;
  const int in = b.tensor("in", {1, 4}, TensorType::FLOAT32);
  const int out = b.tensor("out", {1, 4}, TensorType::FLOAT32);
  b.at(in).quantization = std::make_unique<tflite::QuantizationParametersT>();
  b.at(in).quantization->scale = {0.25f};
  b.at(in).quantization->zero_point = {0};
  b.op(BuiltinOperator::RELU, {in}, {out});
  b.graph().inputs = {in};
  b.graph().outputs = {out};
  const Result<Graph> graph = read(b.model);
  ASSERT_TRUE(graph) << graph.failure().to_string();
  EXPECT_FALSE(graph->at(graph->inputs[0]).quant.present());
}

// ---- unsupported: everything at once ----

TEST(Unsupported, EveryOperatorAndEveryNodeInOneReport) {
  Builder b = two_relus();
  const int a = b.tensor("a", {1, 4});
  const int c = b.tensor("c", {1, 4});
  const int d = b.tensor("d", {1, 4});
  const int e = b.tensor("e", {1, 4});
  b.op(BuiltinOperator::UNIQUE, {0}, {a});                                   // node 2
  const int custom = b.op(BuiltinOperator::CUSTOM, {a}, {c});              // node 3
  b.op(BuiltinOperator::UNIQUE, {c}, {d});                                   // node 4
  const int unknown = b.op(static_cast<BuiltinOperator>(4711), {d}, {e});  // node 5
  b.model.operator_codes[b.node(custom).opcode_index]->custom_code = "Edge\tDetect";
  b.model.operator_codes[b.node(unknown).opcode_index]->deprecated_builtin_code = 127;
  b.graph().outputs = {e};
  const Result<Graph> graph = read(b.model);
  ASSERT_FALSE(graph);
  const auto& found = graph.failure().diagnostics;
  ASSERT_EQ(found.size(), 3u) << graph.failure().to_string();
  EXPECT_EQ(found[0].code, "E0311");
  EXPECT_EQ(found[0].reason, "UNIQUE is not supported: node 2 \"a\", node 4 \"d\"");
  EXPECT_EQ(found[1].code, "E0312");
  EXPECT_EQ(found[1].reason, "custom operator Edge?Detect is not supported: node 3 \"c\"");
  EXPECT_EQ(found[2].code, "E0311");
  EXPECT_EQ(found[2].reason, "operator number 4711 is not supported: node 5 \"e\"");
  EXPECT_NE(found[2].help.find("RELU"), std::string::npos);
  EXPECT_EQ(graph.failure().exit, ExitCode::input);
}

TEST(Unsupported, TensorsOperatorsAndFormsTogether) {
  Builder b = two_relus();
  b.at(1).type = TensorType::FLOAT16;
  b.at(2).type = TensorType::INT4;
  const int out = b.tensor("unique", {1, 4});
  b.op(BuiltinOperator::UNIQUE, {0}, {out});
  const Result<Graph> graph = read(b.model);
  EXPECT_EQ(codes(graph), (Codes{"E0313", "E0313", "E0311"})) << graph.failure().to_string();
  EXPECT_NE(graph.failure().to_string().find("FLOAT16"), std::string::npos);
  EXPECT_NE(graph.failure().to_string().find("INT4"), std::string::npos);
}

TEST(Unsupported, VariableSparseAndOtherQuantization) {
  Builder variable = two_relus();
  variable.at(1).is_variable = true;
  EXPECT_EQ(codes(read(variable.model)), Codes{"E0314"});
  Builder sparse = two_relus();
  sparse.at(1).sparsity = std::make_unique<tflite::SparsityParametersT>();
  EXPECT_EQ(codes(read(sparse.model)), Codes{"E0315"});
  Builder blockwise = two_relus();
  tflite::BlockwiseQuantizationT details;
  blockwise.at(1).quantization->details.Set(details);
  EXPECT_EQ(codes(read(blockwise.model)), Codes{"E0316"});
}

// ---- structure ----

TEST(Structure, VersionIdentifierAndEmptiness) {
  Builder version = two_relus();
  version.model.version = 2;
  EXPECT_EQ(codes(read(version.model)), Codes{"E0108"});
  Bytes bytes = testing::pack(two_relus().model);
  bytes[7] = '2';
  EXPECT_EQ(codes(parse_tflite(bytes, "x")), Codes{"E0106"});
  EXPECT_EQ(codes(parse_tflite({}, "x")), Codes{"E0106"});
  EXPECT_EQ(codes(read(tflite::ModelT{})), Codes{"E0108"});  // version 0
  Builder hollow = two_relus();
  hollow.model.subgraphs.clear();
  EXPECT_EQ(codes(read(hollow.model)), Codes{"E0204"});
}

TEST(Structure, IndicesOutOfRange) {
  for (const int32_t id : {3, -2, INT32_MAX, INT32_MIN}) {
    Builder input = two_relus();
    input.node(0).inputs = {id};
    EXPECT_EQ(codes(read(input.model)), Codes{"E0202"}) << id;
    Builder port = two_relus();
    port.graph().outputs = {id};
    EXPECT_EQ(codes(read(port.model)), Codes{"E0202"}) << id;
  }
  Builder absent = two_relus();
  absent.node(1).outputs = {-1};  // only inputs are optional
  EXPECT_EQ(codes(read(absent.model)), Codes{"E0202"});
  Builder code = two_relus();
  code.node(1).opcode_index = 2;
  EXPECT_EQ(codes(read(code.model)), Codes{"E0203"});
  Builder buffer = two_relus();
  buffer.at(1).buffer = 1;
  EXPECT_EQ(codes(read(buffer.model)), Codes{"E0203"});
}

TEST(Structure, OrderAndProducers) {
  Builder swapped = two_relus();
  std::swap(swapped.graph().operators[0], swapped.graph().operators[1]);
  EXPECT_EQ(codes(read(swapped.model)), Codes{"E0418"});
  Builder cyclic = two_relus();
  cyclic.node(0).inputs = {2};
  EXPECT_EQ(codes(read(cyclic.model)), Codes{"E0418"});
  Builder itself = two_relus();
  itself.node(0).inputs = {1};
  EXPECT_EQ(codes(read(itself.model)), Codes{"E0418"});
  Builder twice = two_relus();
  twice.node(1).outputs = {1};
  EXPECT_TRUE(has_code(read(twice.model), "E0418"));  // and an output that nothing makes
  EXPECT_TRUE(has_code(read(twice.model), "E0417"));
  Builder overwritten = two_relus();
  overwritten.node(1).outputs = {0};
  EXPECT_TRUE(has_code(read(overwritten.model), "E0418"));
  Builder portless = two_relus();
  portless.graph().inputs.clear();
  portless.graph().outputs.clear();
  EXPECT_TRUE(has_code(read(portless.model), "E0412"));
}

TEST(Structure, ConstantsAreAsLongAsTheirShapes) {
  for (const size_t length : {3u, 5u, 400u}) {
    Builder b = two_relus();
    b.graph().inputs = {0};
    const int constant = b.constant("weights", {1, 4}, TensorType::INT8, Bytes(length));
    const int sum = b.tensor("sum", {1, 4});
    b.node(b.op(BuiltinOperator::MAXIMUM, {2, constant}, {sum})).builtin_options.Set(tflite::MaximumMinimumOptionsT{});
    b.graph().outputs = {sum};
    EXPECT_EQ(codes(read(b.model)), Codes{"E0415"}) << length;
    b.model.buffers.back()->data.resize(4);
    EXPECT_EQ(codes(read(b.model)), Codes{});
  }
}

TEST(Structure, DataOutsideTheFlatBuffer) {
  Builder b = two_relus();
  const int constant = b.constant("weights", {1, 4}, TensorType::INT8, {});
  b.node(1).inputs = {constant};
  b.model.buffers.back()->offset = 4096;
  b.model.buffers.back()->size = 4;
  EXPECT_EQ(codes(read(b.model)), Codes{"E0109"});
  Builder external = two_relus();
  external.at(1).external_buffer = 1;
  EXPECT_EQ(codes(read(external.model)), Codes{"E0109"});
}

TEST(Structure, DynamicShapes) {
  Builder batch = two_relus();
  for (int i = 0; i < 3; ++i) batch.at(i).shape_signature = {-1, 4};
  EXPECT_EQ(codes(read(batch.model)), Codes{});
  Builder width = two_relus();
  width.at(0).shape_signature = {1, -1};
  EXPECT_EQ(codes(read(width.model)), Codes{"E0207"});
  Builder several = two_relus();
  for (int i = 0; i < 3; ++i) several.at(i).shape = {2, 4};
  several.at(0).shape_signature = {-1, 4};
  EXPECT_EQ(codes(read(several.model)), Codes{"E0207"});
  Builder open = two_relus();
  for (int i = 0; i < 3; ++i) open.at(i).shape = {-1, 4};
  EXPECT_TRUE(has_code(read(open.model), "E0413"));
}

TEST(Structure, QuantizationOfAnotherForm) {
  Builder wide = two_relus();
  wide.at(1).quantization->zero_point = {int64_t{1} << 40};
  EXPECT_EQ(codes(read(wide.model)), Codes{"E0206"});
  Builder beyond = two_relus();
  beyond.at(1).quantization->zero_point = {128};
  EXPECT_EQ(codes(read(beyond.model)), Codes{"E0416"});
  Builder counts = two_relus();
  counts.at(1).quantization->scale = {0.5f, 0.5f};
  EXPECT_EQ(codes(read(counts.model)), Codes{"E0416"});
  Builder axis = two_relus();
  axis.at(1).quantization->scale = {0.5f, 0.5f, 0.5f, 0.5f};
  axis.at(1).quantization->zero_point = {0, 0, 0, 0};
  for (const int32_t bad : {0, 2, -1}) {
    axis.at(1).quantization->quantized_dimension = bad;
    EXPECT_EQ(codes(read(axis.model)), Codes{"E0416"}) << bad;
  }
  Builder zero = two_relus();
  zero.at(1).quantization->scale = {0.0f};
  EXPECT_EQ(codes(read(zero.model)), Codes{"E0416"});
}

TEST(Structure, OneEntryPoint) {
  Builder b = two_relus();
  b.model.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  EXPECT_EQ(codes(read(b.model)), Codes{});  // nothing leads there
  b.model.signature_defs.push_back(std::make_unique<tflite::SignatureDefT>());
  b.model.signature_defs[0]->signature_key = "serving_default";
  EXPECT_EQ(codes(read(b.model)), Codes{});
  b.model.signature_defs.push_back(std::make_unique<tflite::SignatureDefT>());
  b.model.signature_defs[1]->signature_key = "train";
  b.model.signature_defs[1]->subgraph_index = 1;
  const Result<Graph> graph = read(b.model);
  EXPECT_EQ(codes(graph), Codes{"E0205"});
  EXPECT_NE(graph.failure().to_string().find("\"train\""), std::string::npos);
}

}  // namespace
}  // namespace smelt
