// Names in the emitted tables: unique, and never taken for marks of the emitter's own templates.
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "emit/emit.hpp"
#include "ir/graph.hpp"
#include "lower/compile.hpp"

namespace smelt {
namespace {

/// A concatenation of an input with two constants.
Graph with_constants(const char* output_name) {
  Graph g;
  g.file = "test";
  const auto add = [&](const char* name, Shape shape, std::shared_ptr<const Bytes> data) {
    return g.add({.name = name, .dtype = DType::i8, .shape = std::move(shape), .quant = {}, .data = std::move(data)});
  };
  Node n;
  n.op = "concatenation";
  n.attrs.set("axis", int64_t{1});
  n.inputs = {add("x", {2, 3}, nullptr), add("a", {2, 1}, std::make_shared<Bytes>(Bytes{1, 2})),
              add("b", {2, 1}, std::make_shared<Bytes>(Bytes{3, 4}))};
  n.outputs = {add(output_name, {2, 5}, nullptr)};
  g.inputs = {n.inputs[0]};
  g.outputs = n.outputs;
  g.nodes.push_back(n);
  return g;
}

TEST(Names, ConstantsOfOneNodeDiffer) {
  const Result<Program> program = lower(with_constants("y"), plan::Rings::full);
  ASSERT_TRUE(program) << program.failure().to_string();
  std::set<std::string> names;
  for (const ConstantPool::Entry& e : program->constants.entries()) {
    EXPECT_TRUE(names.insert(e.name).second) << e.name << " stands twice in the emitted struct";
  }
  EXPECT_EQ(Interpreter(*program).run({Bytes{10, 11, 12, 20, 21, 22}}).at(0),
            (Bytes{10, 11, 12, 1, 3, 20, 21, 22, 2, 4}));
}

TEST(Names, OfTensorsAreNoMarks) {
  const Result<Program> program = lower(with_constants("@weights_sum@"), plan::Rings::full);
  ASSERT_TRUE(program) << program.failure().to_string();
  const Package package = emit(*program, {.name = "m", .single_file = false, .target = {}, .flags = {}});
  EXPECT_NE(package.at("m.cpp").find(R"("\100weights_sum\100")"), std::string::npos);
}

}  // namespace
}  // namespace smelt
