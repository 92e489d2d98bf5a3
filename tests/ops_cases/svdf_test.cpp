// SVDF layers that nothing could compute are refused, whatever is wrong with them.
#include <gtest/gtest.h>

#include <string>

#include "ir/text.hpp"
#include "ops/op.hpp"

namespace smelt {
namespace {

struct Parts {
  std::string x = "f32[1, 4]", state = "f32[1, 6] state", feature = "f32[2, 4] data=[1, 2, 3, 4, 5, 6, 7, 8]",
              time = "f32[2, 3] data=[1, 2, 3, 4, 5, 6]", bias = "f32[2] data=[0, 1]", out = "f32[1, 2]", rank = "1";
};

std::string refusal(const Parts& p) {
  const Result<Graph> graph = parse(R"(graph "g"
    tensor %0 "x" )" + p.x + R"(
    tensor %1 "state" )" + p.state + R"(
    tensor %2 "feature" )" + p.feature + R"(
    tensor %3 "time" )" + p.time + R"(
    tensor %4 "bias" )" + p.bias + R"(
    tensor %5 "y" )" + p.out + R"(
    inputs (%0) outputs (%5)
    node %5 = svdf(%0, %1, %2, %3, %4) {activation="none", rank=)" + p.rank + "}", "test");
  if (!graph) return "not parsed";
  const Outcome sound = verify_graph(*graph);
  return sound ? "" : sound.failure().to_string();
}

TEST(Svdf, OperandsMustFitOneAnother) {
  EXPECT_EQ(refusal({}), "");
  EXPECT_NE(refusal({.x = "f32[1, 5]"}).find("error["), std::string::npos);
  EXPECT_NE(refusal({.x = "f32[4]"}).find("error["), std::string::npos);
  EXPECT_NE(refusal({.x = "i32[1, 4]"}).find("error["), std::string::npos);
  EXPECT_NE(refusal({.state = "f32[1, 5] state"}).find("state must be"), std::string::npos);
  EXPECT_NE(refusal({.state = "i16[1, 6] state"}).find("state must be"), std::string::npos);
  EXPECT_NE(refusal({.state = "f32[1, 6] data=[0, 0, 0, 0, 0, 0]"}).find("error["), std::string::npos);
  EXPECT_NE(refusal({.feature = "f32[2, 3] data=[1, 2, 3, 4, 5, 6]"}).find("error["), std::string::npos);
  EXPECT_NE(refusal({.time = "f32[3, 2] data=[1, 2, 3, 4, 5, 6]"}).find("error["), std::string::npos);
  EXPECT_NE(refusal({.bias = "f32[3] data=[0, 1, 2]"}).find("error["), std::string::npos);
  EXPECT_NE(refusal({.out = "f32[1, 3]"}).find("error["), std::string::npos);
  for (const char* rank : {"0", "-1", "3", "4611686018427387904"}) EXPECT_NE(refusal({.rank = rank}).find("error["), std::string::npos) << rank;
}

}  // namespace
}  // namespace smelt
