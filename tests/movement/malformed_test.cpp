// Operators that move elements refuse every operand and attribute that their oracle or kernel could not bear.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ops/op.hpp"

namespace smelt {
namespace {

using Ints = std::vector<int64_t>;

/// A constant operand: i32 numbers in one dimension, or a scalar.
struct Constant {
  std::vector<int32_t> values;
  bool scalar = false;
};

struct Case {
  const char* name;
  const char* builtin;
  std::vector<Shape> inputs;  ///< i8, before the constants
  std::vector<Constant> constants;
  std::vector<Shape> outputs;
  std::vector<std::pair<const char*, Attrs::Value>> attrs;
  const char* code;
  const char* reason;   ///< part of it
  size_t value_at = 0;  ///< where the first input stands among the constants (SPLIT has its axis first)
};

Graph build(const Case& c) {
  Graph g;
  g.file = "test";
  Node n;
  for (const Shape& s : c.inputs) {
    n.inputs.push_back(g.add({.name = "in", .dtype = DType::i8, .shape = s, .quant = {}, .data = nullptr}));
    g.inputs.push_back(n.inputs.back());
  }
  size_t at = c.value_at == 0 ? n.inputs.size() : 0;
  for (const Constant& k : c.constants) {
    const auto* first = reinterpret_cast<const uint8_t*>(k.values.data());
    Tensor t{.name = "constant",
             .dtype = DType::i32,
             .shape = {static_cast<int32_t>(k.values.size())},
             .quant = {},
             .data = std::make_shared<Bytes>(first, first + k.values.size() * 4)};
    if (k.scalar) t.shape = {};
    n.inputs.insert(n.inputs.begin() + static_cast<std::ptrdiff_t>(at++), g.add(t));
  }
  for (const Shape& s : c.outputs) {
    n.outputs.push_back(g.add({.name = "out", .dtype = DType::i8, .shape = s, .quant = {}, .data = nullptr}));
    g.outputs.push_back(n.outputs.back());
  }
  const OpDef* op = find_tflite_op(c.builtin);
  n.op = op->name;
  for (const auto& [name, value] : c.attrs) n.attrs.set(name, value);
  n.attrs.set("tflite_op", std::string(c.builtin));
  g.nodes.push_back(n);
  return g;
}

std::string errors(Graph g) {
  Node& node = g.nodes[0];
  const auto normalize = find_op(node.op)->normalize;
  const Outcome normal = normalize == nullptr ? Outcome(Done{}) : normalize(g, node);
  if (!normal) return normal.failure().to_string();
  const Outcome sound = verify_graph(g);
  return sound ? "" : sound.failure().to_string();
}

class Malformed : public testing::TestWithParam<Case> {};

TEST_P(Malformed, IsRefused) {
  const std::string text = errors(build(GetParam()));
  EXPECT_NE(text.find(GetParam().code), std::string::npos) << text;
  EXPECT_NE(text.find(GetParam().reason), std::string::npos) << text;
}

const Shape image = {1, 4, 6, 2};

INSTANTIATE_TEST_SUITE_P(
    Operands, Malformed,
    testing::ValuesIn(std::vector<Case>{
        {"reshape_count", "RESHAPE", {image}, {}, {{1, 47}}, {}, "E0303", "the same number of elements"},
        {"reshape_nothing", "RESHAPE", {}, {}, {{1, 48}}, {}, "E0302", "0 inputs"},
        {"squeeze_not_one", "SQUEEZE", {image}, {}, {{1, 4, 12}}, {{"squeeze_dims", Ints{1}}}, "E0303", "is not 1"},
        {"squeeze_axis", "SQUEEZE", {image}, {}, {{4, 6, 2}}, {{"squeeze_dims", Ints{-5}}}, "E0303", "outside rank 4"},
        {"squeeze_shape",
         "SQUEEZE",
         {image},
         {},
         {{6, 4, 2}},
         {{"squeeze_dims", Ints{}}},
         "E0303",
         "it would be 4x6x2"},
        {"expand_axis", "EXPAND_DIMS", {image}, {{{5}}}, {{1, 4, 6, 2, 1}}, {}, "E0303", "outside rank 5"},
        {"expand_axes",
         "EXPAND_DIMS",
         {image},
         {{{1, 2}}},
         {{1, 4, 6, 2, 1}},
         {},
         "E0303",
         "must be one number, not 2"},
        {"expand_computed", "EXPAND_DIMS", {image, {1}}, {}, {{1, 4, 6, 2, 1}}, {}, "E0301", "must be constant"},
        {"transpose_repeats", "TRANSPOSE", {image}, {{{0, 1, 1, 3}}}, {image}, {}, "E0303", "no permutation"},
        {"transpose_short", "TRANSPOSE", {image}, {{{0, 1}}}, {image}, {}, "E0303", "no permutation"},
        {"transpose_far", "TRANSPOSE", {image}, {{{0, 1, 2, 2147483647}}}, {image}, {}, "E0303", "no permutation"},
        {"transpose_computed", "TRANSPOSE", {image, {4}}, {}, {image}, {}, "E0301", "must be constant"},
        {"transpose_declared",
         "TRANSPOSE",
         {image},
         {{{0, 2, 1, 3}}},
         {image},
         {},
         "E0421",
         "the operator makes i8 1x6x4x2"},
        {"pad_negative", "PAD", {image}, {{{0, 0, -1, 0, 0, 0, 0, 0}}}, {{1, 3, 6, 2}}, {}, "E0303", "out of range"},
        {"pad_huge",
         "PAD",
         {image},
         {{{0, 0, 2147483647, 2147483647, 0, 0, 0, 0}}},
         {image},
         {},
         "E0303",
         "4294967298"},
        {"pad_count", "PAD", {image}, {{{0, 0, 1, 1}}}, {image}, {}, "E0303", "4 paddings"},
        {"pad_value_type",
         "PADV2",
         {image},
         {{{0, 0, 0, 0, 0, 0, 0, 0}}, {{3}, true}},
         {image},
         {},
         "E0301",
         "type i32 for i8"},
        {"concatenation_axis",
         "CONCATENATION",
         {image, image},
         {},
         {image},
         {{"axis", int64_t{4}}},
         "E0303",
         "outside rank 4"},
        {"concatenation_rank",
         "CONCATENATION",
         {image, {4}},
         {},
         {image},
         {{"axis", int64_t{1}}},
         "E0303",
         "do not fit"},
        {"concatenation_sizes",
         "CONCATENATION",
         {image, {1, 4, 5, 2}},
         {},
         {image},
         {{"axis", int64_t{1}}},
         "E0303",
         "do not fit"},
        {"concatenation_relu",
         "CONCATENATION",
         {image},
         {},
         {image},
         {{"axis", int64_t{1}}, {"fused_activation_function", std::string("RELU")}},
         "E0301",
         "fused activation RELU"},
        {"split_unequal",
         "SPLIT",
         {image},
         {{{1}, true}},
         {image, image, image},
         {{"num_splits", int64_t{3}}},
         "E0303",
         "no 3 equal parts",
         1},
        {"split_count",
         "SPLIT",
         {image},
         {{{1}, true}},
         {image, image},
         {{"num_splits", int64_t{4}}},
         "E0303",
         "4 parts announced",
         1},
        {"tile_nothing", "TILE", {image}, {{{1, 0, 1, 1}}}, {image}, {}, "E0303", "a multiple of 0"},
        {"tile_count", "TILE", {image}, {{{1, 2}}}, {image}, {}, "E0303", "2 multiples"},
        {"tile_huge", "TILE", {image}, {{{2147483647, 1, 1, 1}}}, {image}, {}, "E0303", "a multiple of 2147483647"},
        {"tile_loops",
         "TILE",
         {{2, 2, 2, 2, 2}},
         {{{2, 2, 2, 2, 2}}},
         {{4, 4, 4, 4, 4}},
         {},
         "E0303",
         "too many"},
        {"broadcast_shrinks", "BROADCAST_TO", {image}, {{{1, 4, 1, 2}}}, {image}, {}, "E0303", "does not broadcast to"},
        {"broadcast_negative", "BROADCAST_TO", {{1}}, {{{-3}}}, {{3}}, {}, "E0303", "a dimension of -3"},
        {"reverse_axis", "REVERSE_V2", {image}, {{{4}}}, {image}, {}, "E0303", "outside rank 4"},
        {"mirror_far",
         "MIRROR_PAD",
         {image},
         {{{0, 0, 4, 0, 0, 0, 0, 0}}},
         {{1, 8, 6, 2}},
         {{"mode", std::string("REFLECT")}},
         "E0303",
         "3 at most"},
        {"mirror_mode",
         "MIRROR_PAD",
         {image},
         {{{0, 0, 0, 0, 0, 0, 0, 0}}},
         {image},
         {{"mode", std::string("7")}},
         "E0303",
         "is unknown"},
        {"depth_block", "SPACE_TO_DEPTH", {image}, {}, {image}, {{"block_size", int64_t{4}}}, "E0303", "no whole number"},
        {"depth_nothing", "DEPTH_TO_SPACE", {image}, {}, {image}, {{"block_size", int64_t{0}}}, "E0303", "a block size of 0"},
        {"batch_block",
         "SPACE_TO_BATCH_ND",
         {image},
         {{{4, 4}}, {{0, 0, 0, 0}}},
         {image},
         {},
         "E0303",
         "no multiple of the block"},
        {"batch_many",
         "SPACE_TO_BATCH_ND",
         {image},
         {{{32767, 32767}}, {{0, 32763, 0, 32761}}},
         {image},
         {},
         "E0303",
         "more than 1024 images"},
        {"batch_back", "BATCH_TO_SPACE_ND", {image}, {{{2, 1}}, {{0, 0, 0, 0}}}, {image}, {}, "E0303", "no multiple of 2"},
        {"batch_all_cropped",
         "BATCH_TO_SPACE_ND",
         {{2, 4, 6, 2}},
         {{{2, 1}}, {{4, 4, 0, 0}}},
         {image},
         {},
         "E0303",
         "a dimension of 0"},
        {"gather_type", "GATHER", {image, {3}}, {}, {image}, {{"axis", int64_t{1}}}, "E0301", "indices of type i8"},
        {"gather_axis", "GATHER", {image}, {{{1}}}, {image}, {{"axis", int64_t{4}}}, "E0303", "outside rank 4"},
        {"gather_batches",
         "GATHER",
         {image},
         {{{1, 2}}},
         {image},
         {{"axis", int64_t{1}}, {"batch_dims", int64_t{1}}},
         "E0303",
         "common dimensions"},
        {"gather_nd_depth", "GATHER_ND", {{3}}, {{{0, 0}}}, {{1}}, {}, "E0303", "indices of shape 2 into 3"},
        {"arg_max_axis", "ARG_MAX", {image}, {{{7}}}, {image}, {}, "E0303", "outside rank 4"},
        {"cumsum_type", "CUMSUM", {image}, {{{1}}}, {image}, {}, "E0301", "type i8"},
        {"split_v_sum", "SPLIT_V", {image}, {{{1, 2}}, {{1}, true}}, {image, image}, {}, "E0303", "do not add up"},
        {"split_v_two_open",
         "SPLIT_V",
         {image},
         {{{-1, -1}}, {{1}, true}},
         {image, image},
         {},
         "E0303",
         "do not add up"},
        {"split_v_overflow",
         "SPLIT_V",
         {image},
         {{{2147483647, -1}}, {{1}, true}},
         {image, image},
         {},
         "E0303",
         "do not add up"},
        {"split_v_few", "SPLIT_V", {image}, {{{4}}, {{1}, true}}, {image, image}, {}, "E0303", "1 sizes"},
        {"pack_shapes", "PACK", {image, {4}}, {}, {image}, {{"axis", int64_t{0}}}, "E0303", "inputs of shapes"},
        {"pack_axis", "PACK", {image, image}, {}, {image}, {{"axis", int64_t{-6}}}, "E0303", "outside rank 5"},
        {"pack_rank", "PACK", {{1, 1, 1, 1, 1, 1, 1, 2}}, {}, {image}, {{"axis", int64_t{0}}}, "E0303", "no dimension"},
        {"unpack_count", "UNPACK", {image}, {}, {{1, 6, 2}}, {{"axis", int64_t{1}}}, "E0303", "1 outputs along axis 1"},
        {"slice_past", "SLICE", {image}, {{{0, 3, 0, 0}}, {{1, 2, 6, 2}}}, {{1, 2, 6, 2}}, {}, "E0303", "2 from 3 on"},
        {"slice_negative",
         "SLICE",
         {image},
         {{{0, -1, 0, 0}}, {{1, -1, 6, 2}}},
         {{1, 2, 6, 2}},
         {},
         "E0303",
         "from -1 on"},
        {"slice_overflow",
         "SLICE",
         {image},
         {{{0, 1, 0, 0}}, {{1, 2147483647, 6, 2}}},
         {image},
         {},
         "E0303",
         "2147483647 from 1"},
        {"slice_short", "SLICE", {image}, {{{0}}, {{1}}}, {image}, {}, "E0303", "as many numbers"},
        {"strided_zero", "STRIDED_SLICE", {image}, {{{0}}, {{1}}, {{0}}}, {image}, {}, "E0303", "stride 0"},
        {"strided_nothing",
         "STRIDED_SLICE",
         {image},
         {{{0, 3}}, {{1, 2}}, {{1, 1}}},
         {image},
         {},
         "E0303",
         "selects nothing"},
        {"strided_entries", "STRIDED_SLICE", {{4}}, {{{0, 0}}, {{1, 1}}, {{1, 1}}}, {{1}}, {}, "E0301", "do not fit"},
        {"strided_lengths",
         "STRIDED_SLICE",
         {image},
         {{{0, 0}}, {{1}}, {{1, 1}}},
         {image},
         {},
         "E0303",
         "different lengths"},
        {"strided_ellipses",
         "STRIDED_SLICE",
         {image},
         {{{0, 0}}, {{0, 0}}, {{1, 1}}},
         {image},
         {{"ellipsis_mask", int64_t{3}}},
         "E0301",
         "do not fit"},
        {"strided_index",
         "STRIDED_SLICE",
         {image},
         {{{0, 4}}, {{1, 5}}, {{1, 1}}},
         {{1, 6, 2}},
         {{"shrink_axis_mask", int64_t{2}}},
         "E0303",
         "index 4 is outside"},
        {"strided_offset",
         "STRIDED_SLICE",
         {image},
         {{{0}}, {{1}}, {{1}}},
         {image},
         {{"offset", int64_t{1}}},
         "E0301",
         "offset"},
        {"shape_type", "SHAPE", {image}, {}, {{4}}, {{"out_type", std::string("FLOAT32")}}, "E0301", "FLOAT32"},
    }),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

/// Attributes can also come from the text form, which no normalize has looked at.
class Attributes
    : public testing::TestWithParam<std::pair<const char*, std::vector<std::pair<const char*, Attrs::Value>>>> {};

TEST_P(Attributes, OutOfRangeAreRefused) {
  Case c{"", "RESHAPE", {image}, {}, {image}, {}, "", "", 0};
  Graph g = build(c);
  g.nodes[0].op = GetParam().first;
  g.nodes[0].attrs = Attrs();
  for (const auto& [name, value] : GetParam().second) g.nodes[0].attrs.set(name, value);
  EXPECT_FALSE(verify_graph(g));
}

constexpr int64_t far = INT64_MAX;
INSTANTIATE_TEST_SUITE_P(
    Ranges, Attributes,
    testing::Values(
        std::pair{"transpose", std::vector<std::pair<const char*, Attrs::Value>>{{"perm", Ints{0, 1, 2, far}}}},
        std::pair{"transpose", std::vector<std::pair<const char*, Attrs::Value>>{}},
        std::pair{"pad",
                  std::vector<std::pair<const char*, Attrs::Value>>{{"paddings", Ints{0, 0, 0, 0, 0, 0, far, far}},
                                                                    {"value", int64_t{0}}}},
        std::pair{"pad",
                  std::vector<std::pair<const char*, Attrs::Value>>{{"paddings", Ints(8, 0)}, {"value", int64_t{128}}}},
        std::pair{"pad", std::vector<std::pair<const char*, Attrs::Value>>{{"paddings", Ints(8, 0)}, {"value", 0.0}}},
        std::pair{"concatenation", std::vector<std::pair<const char*, Attrs::Value>>{{"axis", int64_t{-1}}}},
        std::pair{"split", std::vector<std::pair<const char*, Attrs::Value>>{{"axis", far}, {"sizes", Ints{4}}}},
        std::pair{"split",
                  std::vector<std::pair<const char*, Attrs::Value>>{{"axis", int64_t{1}}, {"sizes", Ints{far}}}},
        std::pair{"pack", std::vector<std::pair<const char*, Attrs::Value>>{{"axis", far}}},
        std::pair{"tile", std::vector<std::pair<const char*, Attrs::Value>>{{"multiples", Ints{1, far, 1, 1}}}},
        std::pair{"broadcast_to", std::vector<std::pair<const char*, Attrs::Value>>{{"shape", Ints{far, 4, 6, 2}}}},
        std::pair{"reverse", std::vector<std::pair<const char*, Attrs::Value>>{{"axes", Ints{far}}}},
        std::pair{"mirror_pad",
                  std::vector<std::pair<const char*, Attrs::Value>>{{"paddings", Ints{0, 0, far, far, 0, 0, 0, 0}},
                                                                    {"mode", std::string("edge")}}},
        std::pair{"space_to_depth", std::vector<std::pair<const char*, Attrs::Value>>{{"block_size", far}}},
        std::pair{"depth_to_space", std::vector<std::pair<const char*, Attrs::Value>>{{"block_size", int64_t{-1}}}},
        std::pair{"space_to_batch_nd",
                  std::vector<std::pair<const char*, Attrs::Value>>{{"block", Ints{far, far}}, {"border", Ints(4, far)}}},
        std::pair{"batch_to_space_nd",
                  std::vector<std::pair<const char*, Attrs::Value>>{{"block", Ints{1, 1}}, {"border", Ints(4, far)}}},
        std::pair{"arg_max", std::vector<std::pair<const char*, Attrs::Value>>{{"axis", far}}},
        std::pair{"cumsum", std::vector<std::pair<const char*, Attrs::Value>>{{"axis", int64_t{-1}}}},
        std::pair{"unpack", std::vector<std::pair<const char*, Attrs::Value>>{{"axis", int64_t{-1}}}},
        std::pair{"slice", std::vector<std::pair<const char*, Attrs::Value>>{{"begin", Ints{far, 0, 0, 0}},
                                                                             {"size", Ints{1, 4, 6, 2}}}},
        std::pair{"slice", std::vector<std::pair<const char*, Attrs::Value>>{{"begin", Ints{0, 0, 0, 0}},
                                                                             {"size", Ints{1, far, 6, 2}}}},
        std::pair{"strided_slice", std::vector<std::pair<const char*, Attrs::Value>>{{"begin", Ints{0, 0, 0, 0}},
                                                                                     {"extent", Ints{1, 4, 6, 2}},
                                                                                     {"strides", Ints{1, far, 1, 1}},
                                                                                     {"shape", Ints{1, 4, 6, 2}}}},
        std::pair{
            "strided_slice", std::vector<std::pair<const char*, Attrs::Value>>{{"begin", Ints{0, 0, 0, 0}},
                                                                               {"extent", Ints{1, 4, 6, 2}},
                                                                               {"strides", Ints{1, INT64_MIN, 1, 1}},
                                                                               {"shape", Ints{1, 4, 6, 2}}}},
        std::pair{"strided_slice", std::vector<std::pair<const char*, Attrs::Value>>{{"begin", Ints{0, 1, 0, 0}},
                                                                                     {"extent", Ints{1, 4, 6, 2}},
                                                                                     {"strides", Ints{1, 1, 1, 1}},
                                                                                     {"shape", Ints{1, 4, 6, 2}}}},
        std::pair{"strided_slice", std::vector<std::pair<const char*, Attrs::Value>>{{"begin", Ints{0, 0, 0, 0}},
                                                                                     {"extent", Ints{1, 2, 6, 2}},
                                                                                     {"strides", Ints{1, 1, 1, 1}},
                                                                                     {"shape", Ints{1, 4, 6, 2}}}}));

/// The reference refuses to rescale int8; so do we.
TEST(Quantization, MustBeEqualWhereTheReferenceDemandsIt) {
  for (const char* builtin : {"CONCATENATION", "PACK", "UNPACK"}) {
    const bool unpack = std::string(builtin) == "UNPACK";
    const Shape small = {2, 3};
    Case c{"", builtin, {small}, {}, {small}, {{"axis", int64_t{0}}}, "", "", 0};
    if (unpack) c.outputs = {{3}, {3}};
    if (std::string(builtin) == "PACK") c.outputs = {{1, 2, 3}};
    Graph g = build(c);
    for (Tensor& t : g.tensors) t.quant = {.scale = {0.5F}, .zero_point = {3}};
    EXPECT_EQ(errors(g), "") << builtin;
    g.at(g.outputs.back()).quant.scale = {0.25F};
    EXPECT_NE(errors(g).find("E0304"), std::string::npos) << builtin;
  }
}

}  // namespace
}  // namespace smelt
