// Bytes that nobody meant well: whatever they are, the answer is a graph that verifies or an error that says something,
// and memory stays in proportion.
#include <gtest/gtest.h>

#include <filesystem>

#include "ir/graph.hpp"
#include "lower/compile.hpp"
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
namespace fs = std::filesystem;

/// A clear error or a sound graph; true for a graph. The bytes stand at the end of a heap block of their own, so that
/// the address sanitizer sees any read beyond them.
bool sound(std::span<const uint8_t> bytes) {
  const Bytes exact(bytes.begin(), bytes.end());
  const Result<Graph> graph = parse_tflite(exact, "hostile.tflite");
  if (graph) {
    const Outcome verified = verify_graph(*graph);
    EXPECT_TRUE(verified) << verified.failure().to_string();
    return true;
  }
  EXPECT_FALSE(graph.failure().diagnostics.empty());
  for (const Diagnostic& d : graph.failure().diagnostics) {
    EXPECT_TRUE(d.code.size() == 5 && d.code[0] == 'E' && !d.place.empty() && !d.reason.empty())
        << graph.failure().to_string();
  }
  return false;
}

/// The smallest committed case of some operators that between them use every part of the format.
std::vector<std::string> samples() {
  std::vector<std::string> found;
  for (const char* op : {"conv_2d", "reshape", "softmax", "split_v", "strided_slice"}) {
    fs::path smallest;
    for (const auto& entry : fs::directory_iterator(fs::path(SMELT_SOURCE_DIR) / "tests/ops" / op)) {
      if (entry.path().extension() != ".tflite") continue;
      const auto rank = [](const fs::path& p) { return std::pair(fs::file_size(p), p); };
      if (smallest.empty() || rank(entry.path()) < rank(smallest)) smallest = entry.path();
    }
    found.push_back(smallest.string());
  }
  return found;
}

class Sample : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const Result<Bytes> bytes = read_file(GetParam());
    ASSERT_TRUE(bytes) << bytes.failure().to_string();
    bytes_ = *bytes;
  }
  Bytes bytes_;
};

TEST_P(Sample, TruncatedAtEveryLength) {
  ASSERT_TRUE(sound(bytes_));
  size_t readable = 0;
  for (size_t n = 0; n < bytes_.size(); ++n) readable += sound({bytes_.data(), n}) ? 1 : 0;
  EXPECT_LE(readable, 16u) << "only the padding behind the last table can be missed by nobody";
}

TEST_P(Sample, EveryBitFlipped) {
  size_t refused = 0;
  const size_t peak = testing::heap_peak([&] {
    for (size_t bit = 0; bit < 8 * bytes_.size(); ++bit) {
      bytes_[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
      refused += sound(bytes_) ? 0 : 1;
      bytes_[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    }
  });
  EXPECT_GT(refused, bytes_.size()) << "flips in tables, shapes and indices cannot all go unseen";
  EXPECT_LT(peak, size_t{8} << 20);
}

TEST_P(Sample, EveryByteSaturated) {
  for (size_t i = 0; i < bytes_.size(); ++i) {
    const uint8_t kept = bytes_[i];
    for (const uint8_t value : {0x00, 0x7f, 0x80, 0xff}) {
      bytes_[i] = value;
      sound(bytes_);
    }
    bytes_[i] = kept;
  }
}

INSTANTIATE_TEST_SUITE_P(Committed, Sample, ::testing::ValuesIn(samples()),
                         [](const auto& info) { return fs::path(info.param).parent_path().filename().string(); });

/// `count` RELUs one after the other.
Builder relus(const std::vector<int32_t>& shape, int count) {
  Builder b;
  int last = b.tensor("in", shape);
  b.graph().inputs = {last};
  for (int i = 0; i < count; ++i) {
    const int next = b.tensor("t" + std::to_string(i), shape);
    b.op(BuiltinOperator::RELU, {last}, {next});
    last = next;
  }
  b.graph().outputs = {last};
  return b;
}

TEST(Hostile, MisalignedBytesAreReadAllTheSame) {
  const Bytes packed = testing::pack(two_relus().model);
  for (size_t shift = 1; shift < 8; ++shift) {
    Bytes moved(shift, 0);
    moved.insert(moved.end(), packed.begin(), packed.end());
    EXPECT_TRUE(sound({moved.data() + shift, packed.size()}));
  }
}

TEST(Hostile, AbsurdShapesAreRefusedWithoutMemory) {
  const std::vector<std::vector<int32_t>> shapes = {{1 << 30, 1 << 30, 4},
                                                    {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX},
                                                    {65536, 65536},
                                                    {1, 1 << 29},
                                                    {0, 4},
                                                    {-4, -4},
                                                    {INT32_MIN, 1},
                                                    {1, 1, 1, 1, 1, 1, 1, 1, 1},
                                                    std::vector<int32_t>(100000, 1)};
  for (const auto& shape : shapes) {
    Builder b = two_relus();
    for (int i = 0; i < 3; ++i) b.at(i).shape = shape;
    const Bytes bytes = testing::pack(b.model);
    const size_t peak = testing::heap_peak([&] {
      const Result<Graph> graph = parse_tflite(bytes, "absurd.tflite");
      EXPECT_TRUE(has_code(graph, "E0413") || has_code(graph, "E0414"));
    });
    EXPECT_LT(peak, (size_t{1} << 20) + 8 * bytes.size());
  }
}

TEST(Hostile, ManyLargeTensorsAreRefusedTogether) {
  EXPECT_EQ(codes(read(relus({1, 1 << 27}, 20).model)), std::vector<std::string>{"E0414"});
}

TEST(Hostile, TensorsTooLongForTheDeviceAreRefusedBeforeTheyAreCutIntoRows) {
  for (const Builder& b : {relus({1, 1 << 27, 1, 1}, 2), relus({1, 65535, 1, 1}, 500)}) {
    const Result<Graph> graph = read(b.model);
    ASSERT_TRUE(graph) << graph.failure().to_string();
    const size_t peak = testing::heap_peak([&] {
      const Result<Program> program = lower(*graph, plan::Rings::automatic);
      ASSERT_FALSE(program);
      EXPECT_EQ(program.failure().diagnostics.at(0).code, "E0501");
    });
    EXPECT_LT(peak, size_t{16} << 20);
  }
}

TEST(Hostile, LongTensorsArePlannedInProportion) {
  const Result<Graph> graph = read(relus({1, 16000, 1, 1}, 8).model);  // a second of sound, sample by sample
  ASSERT_TRUE(graph) << graph.failure().to_string();
  for (const plan::Rings rings : {plan::Rings::full, plan::Rings::automatic, plan::Rings::balanced}) {
    const size_t peak = testing::heap_peak([&] {
      const Result<Program> program = lower(*graph, rings);
      ASSERT_TRUE(program) << program.failure().to_string();
      EXPECT_LT(program->plan.arena_bytes, 2 * 16000u + 1000) << "each in the place of the one before";
    });
    EXPECT_LT(peak, size_t{128} << 20);
  }
}

TEST(Hostile, AFewBytesReferredToAgainAndAgain) {
  // One tensor table, and in it one name and one vector of scales, stand for as many tensors as a graph may have.
  flatbuffers::FlatBufferBuilder builder;
  const auto scales = builder.CreateVector(std::vector<float>(20000, 0.5f));
  const auto zero_points = builder.CreateVector(std::vector<int64_t>(20000, 0));
  const auto quantization = tflite::CreateQuantizationParameters(builder, 0, 0, scales, zero_points);
  const auto name = builder.CreateString(std::string(100000, 'n'));
  const auto shape = builder.CreateVector(std::vector<int32_t>{1, 20000});
  const auto tensor = tflite::CreateTensor(builder, shape, TensorType::INT8, 0, name, quantization);
  constexpr size_t count = max_graph_tensors;
  const auto tensors = builder.CreateVector(std::vector<flatbuffers::Offset<tflite::Tensor>>(count, tensor));
  std::vector<int32_t> ids(count);
  for (size_t i = 0; i < count; ++i) ids[i] = static_cast<int32_t>(i);
  const auto ports = builder.CreateVector(ids);
  const auto graph = tflite::CreateSubGraph(builder, tensors, ports, ports);
  const auto graphs = builder.CreateVector(std::vector<flatbuffers::Offset<tflite::SubGraph>>{graph});
  tflite::FinishModelBuffer(builder, tflite::CreateModel(builder, 3, 0, graphs));
  const std::span<const uint8_t> bytes(builder.GetBufferPointer(), builder.GetSize());
  const size_t peak =
      testing::heap_peak([&] { EXPECT_EQ(codes(parse_tflite(bytes, "x")), std::vector<std::string>{"E0110"}); });
  EXPECT_LT(peak, 8 * bytes.size() + (size_t{64} << 20));
}

TEST(Hostile, ManyNodesWithOneLongName) {
  Builder b = two_relus();
  b.at(2).name = std::string(100000, 'n');
  flatbuffers::FlatBufferBuilder builder;
  const auto unique = tflite::CreateOperatorCode(builder, 103, 0, 1, BuiltinOperator::UNIQUE);
  const auto operand = builder.CreateVector(std::vector<int32_t>{0});
  const auto node = tflite::CreateOperator(builder, 0, operand, operand);
  const auto nodes = builder.CreateVector(std::vector<flatbuffers::Offset<tflite::Operator>>(max_graph_nodes, node));
  const auto tensor =
      tflite::CreateTensor(builder, 0, TensorType::INT8, 0, builder.CreateString(std::string(100000, 'n')));
  const auto tensors = builder.CreateVector(std::vector<flatbuffers::Offset<tflite::Tensor>>{tensor});
  const auto graph = tflite::CreateSubGraph(builder, tensors, operand, operand, nodes);
  const auto graphs = builder.CreateVector(std::vector<flatbuffers::Offset<tflite::SubGraph>>{graph});
  const auto list = builder.CreateVector(std::vector<flatbuffers::Offset<tflite::OperatorCode>>{unique});
  tflite::FinishModelBuffer(builder, tflite::CreateModel(builder, 3, list, graphs));
  const std::span<const uint8_t> bytes(builder.GetBufferPointer(), builder.GetSize());
  const size_t peak = testing::heap_peak([&] { EXPECT_TRUE(has_code(parse_tflite(bytes, "x"), "E0311")); });
  EXPECT_LT(peak, size_t{256} << 20);
}

TEST(Hostile, OptionsOfAnotherOperator) {
  for (int member = 1; member <= static_cast<int>(tflite::BuiltinOptions::MAX); ++member) {
    flatbuffers::FlatBufferBuilder builder;
    Builder b = two_relus();
    builder.Finish(tflite::CreateAddOptions(builder));  // any table will do: its fields mean something else now
    b.node(0).builtin_options.type = static_cast<tflite::BuiltinOptions>(member);
    b.node(0).builtin_options.value = tflite::BuiltinOptionsUnion::UnPack(
        flatbuffers::GetRoot<void>(builder.GetBufferPointer()), b.node(0).builtin_options.type, nullptr);
    sound(testing::pack(b.model));
  }
}

}  // namespace
}  // namespace smelt
