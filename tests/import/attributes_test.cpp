// Options become attributes by reflection: types, enumerations, defaults. Expected values are those of the documented
// format.
#include <gtest/gtest.h>

#include <set>

#include "import/tflite_generated.h"
#include "import/tflite_schema.hpp"

namespace smelt::tflite {
namespace {

using Ints = std::vector<int64_t>;

/// Attributes of one options table; `member` as the union names it.
template <class T>
Attrs attributes(BuiltinOptions member, const T& options) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(T::TableType::Pack(builder, &options));
  Attrs attrs;
  read_options(static_cast<uint8_t>(member), *flatbuffers::GetRoot<flatbuffers::Table>(builder.GetBufferPointer()),
               attrs);
  return attrs;
}

TEST(Attributes, EnumerationsAreWordsAndIntegersNumbers) {
  Conv2DOptionsT options;
  options.padding = Padding::VALID;
  options.stride_w = 2;
  options.stride_h = 3;
  options.fused_activation_function = ActivationFunctionType::RELU6;
  options.dilation_h_factor = 4;
  const Attrs attrs = attributes(BuiltinOptions::Conv2DOptions, options);
  EXPECT_EQ(attrs.s("padding"), "VALID");
  EXPECT_EQ(attrs.i("stride_w"), 2);
  EXPECT_EQ(attrs.i("stride_h"), 3);
  EXPECT_EQ(attrs.s("fused_activation_function"), "RELU6");
  EXPECT_EQ(attrs.i("dilation_h_factor"), 4);
}

TEST(Attributes, AbsentFieldsHaveTheDefaultsOfTheSchema) {
  const Attrs conv =
      attributes(BuiltinOptions::Conv2DOptions, Conv2DOptionsT{});  // defaults are not written to the file
  EXPECT_EQ(conv.s("padding"), "SAME");
  EXPECT_EQ(conv.i("stride_w", 77), 0);
  EXPECT_EQ(conv.i("dilation_w_factor"), 1);
  EXPECT_EQ(conv.i("dilation_h_factor"), 1);
  EXPECT_EQ(conv.s("fused_activation_function"), "NONE");
  EXPECT_EQ(attributes(BuiltinOptions::AddOptions, AddOptionsT{}).i("pot_scale_int16"), 1);
  EXPECT_EQ(
      attributes(BuiltinOptions::BidirectionalSequenceLSTMOptions, BidirectionalSequenceLSTMOptionsT{}).i("time_major"),
      1);
  EXPECT_EQ(attributes(BuiltinOptions::UniqueOptions, UniqueOptionsT{}).s("idx_out_type"), "INT32");
  EXPECT_EQ(attributes(BuiltinOptions::ShapeOptions, ShapeOptionsT{}).s("out_type"), "FLOAT32");
}

TEST(Attributes, FloatsBooleansVectorsAndStrings) {
  SoftmaxOptionsT softmax;
  softmax.beta = 0.1f;
  EXPECT_EQ(attributes(BuiltinOptions::SoftmaxOptions, softmax).f("beta"), static_cast<double>(0.1f));
  ReducerOptionsT reducer;
  reducer.keep_dims = true;
  EXPECT_EQ(attributes(BuiltinOptions::ReducerOptions, reducer).i("keep_dims"), 1);
  ReshapeOptionsT reshape;
  reshape.new_shape = {1, -1, 7};
  EXPECT_EQ(attributes(BuiltinOptions::ReshapeOptions, reshape).ints("new_shape"), (Ints{1, -1, 7}));
  RandomOptionsT random;
  random.seed = -(int64_t{1} << 40);
  EXPECT_EQ(attributes(BuiltinOptions::RandomOptions, random).i("seed"), -(int64_t{1} << 40));
  VarHandleOptionsT handle;
  handle.shared_name = "state";
  EXPECT_EQ(attributes(BuiltinOptions::VarHandleOptions, handle).s("shared_name"), "state");
  // An absent vector is an empty one.
  EXPECT_TRUE(attributes(BuiltinOptions::SqueezeOptions, SqueezeOptionsT{}).has("squeeze_dims"));
  EXPECT_EQ(attributes(BuiltinOptions::SqueezeOptions, SqueezeOptionsT{}).ints("squeeze_dims"), Ints{});
}

TEST(Attributes, AValueOutsideItsEnumerationIsItsNumber) {
  Pool2DOptionsT options;
  options.padding = static_cast<Padding>(77);
  EXPECT_EQ(attributes(BuiltinOptions::Pool2DOptions, options).s("padding"), "77");
}

TEST(Attributes, DeprecatedFieldsAreLeftOut) {
  std::set<std::string> names;
  const Attrs resize = attributes(BuiltinOptions::ResizeBilinearOptions, ResizeBilinearOptionsT{});
  for (const auto& [name, value] : resize.values()) names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"align_corners", "half_pixel_centers"}));
}

TEST(Attributes, UnknownMembersOfTheUnionSetNothing) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(CreateAddOptions(builder));
  const auto& table = *flatbuffers::GetRoot<flatbuffers::Table>(builder.GetBufferPointer());
  for (int member : {0, 127, 200, 255}) {
    Attrs attrs;
    EXPECT_EQ(read_options(static_cast<uint8_t>(member), table, attrs), 0u);
    EXPECT_TRUE(attrs.values().empty()) << member;
  }
}

TEST(EnumName, KnowsTheFormatsWords) {
  EXPECT_EQ(enum_name("BuiltinOperator", 3), "CONV_2D");
  EXPECT_EQ(enum_name("BuiltinOperator", 117), "HARD_SWISH");
  EXPECT_EQ(enum_name("BuiltinOperator", 150), "GELU");
  EXPECT_EQ(enum_name("BuiltinOperator", 209), "STABLEHLO_CASE");
  EXPECT_EQ(enum_name("BuiltinOperator", 210), "");
  EXPECT_EQ(enum_name("TensorType", 17), "INT4");
  EXPECT_EQ(enum_name("TensorType", -1), "");
}

}  // namespace
}  // namespace smelt::tflite
