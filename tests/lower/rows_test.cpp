// What lowering promises to the planner, held against every golden case: a step reads no input row that it does not
// declare, writes no row that it does not make, and rows that may share their bytes do so without harm.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "import/import.hpp"
#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace smelt {
namespace {

constexpr uint8_t poison = 0xC7;

/// One lowered node over operands that are all in memory at full depth.
class Bench {
 public:
  /// Byte tensors are put at odd addresses. `shared`: this input lies where output 0 does; -1: none.
  Bench(const Graph& graph, const Lowered& lowered, const ConstantPool& pool, const std::vector<Value>& values,
        int shared)
      : graph_(graph), lowered_(lowered), weights_(pool.bytes()) {
    for (const Operand& o : lowered.outputs) add(o, nullptr);
    for (size_t i = 0; i < lowered.inputs.size(); ++i) {
      const Operand& o = lowered.inputs[i];
      const Bytes* content = o.tensor == no_tensor ? nullptr : &values[static_cast<size_t>(o.tensor)].bytes;
      if (static_cast<int>(i) == shared) {
        views_.push_back(views_[0]);
        std::copy(content->begin(), content->end(), arena_.begin() + views_[0].offset);
      } else {
        add(o, content);
      }
    }
    if (lowered.scratch_bytes > 0) {
      align(4);
      scratch_ = arena_.size();
      views_.push_back(View{static_cast<uint32_t>(scratch_), 0, 1, View::arena, 0});
      arena_.resize(scratch_ + static_cast<size_t>(lowered.scratch_bytes), poison);
    }
  }

  void fire(int32_t step, int32_t count) {
    lowered_.function(Firing{lowered_.params.data(), views_.data(), arena_.data(), weights_.data(), step, count});
  }

  /// Every step by itself, with whatever it must not read poisoned. Empty, or what went wrong.
  std::string fire_apart() {
    const Bytes inputs = arena_;
    for (int32_t s = 0; s < lowered_.steps; ++s) {
      for (size_t i = 0; i < lowered_.inputs.size(); ++i) {
        if (!is_state(i)) poison_rows(i, lowered_.inputs[i].needs, s, inputs);
      }
      const Bytes before = arena_;
      fire(s, 1);
      std::vector<bool> mine(arena_.size(), false);
      const auto may_write = [&](const RowRange& rows, const View& v) {
        std::fill(mine.begin() + v.offset + rows.first * v.pitch, mine.begin() + v.offset + rows.end * v.pitch, true);
      };
      const auto step = static_cast<size_t>(s);
      for (size_t o = 0; o < lowered_.outputs.size(); ++o) may_write(lowered_.outputs[o].needs[step], views_[o]);
      for (size_t i = 0; i < lowered_.inputs.size(); ++i) {
        if (is_state(i)) may_write(lowered_.inputs[i].needs[step], views_[lowered_.outputs.size() + i]);
      }
      if (lowered_.scratch_bytes > 0) std::fill(mine.begin() + static_cast<std::ptrdiff_t>(scratch_), mine.end(), true);
      for (size_t b = 0; b < arena_.size(); ++b) {
        if (!mine[b] && arena_[b] != before[b])
          return "step " + std::to_string(s) + " writes a row that it does not make";
      }
    }
    return {};
  }

  Bytes output(size_t o) const {
    const auto first = arena_.begin() + views_[o].offset;
    return Bytes(first, first + graph_.at(lowered_.outputs[o].tensor).bytes());
  }

 private:
  bool is_state(size_t input) const {
    const TensorId id = lowered_.inputs[input].tensor;
    return id != no_tensor && graph_.at(id).state;
  }

  void align(size_t to) { arena_.resize((arena_.size() + to - 1) / to * to, poison); }

  void add(const Operand& o, const Bytes* content) {
    View v{0, static_cast<uint32_t>(o.row_bytes), static_cast<uint16_t>(o.rows), View::arena, 0};
    if (o.tensor == no_tensor) {
      v.base = View::weights;
      v.offset = static_cast<uint32_t>(o.constant);
    } else {
      align(4);
      if (size_of(graph_.at(o.tensor).dtype) == 1) arena_.push_back(poison);
      v.offset = static_cast<uint32_t>(arena_.size());
      arena_.resize(arena_.size() + static_cast<size_t>(o.rows * o.row_bytes), poison);
      if (content != nullptr) std::copy(content->begin(), content->end(), arena_.begin() + v.offset);
    }
    views_.push_back(v);
  }

  void poison_rows(size_t i, const std::vector<RowRange>& needs, int32_t step, const Bytes& inputs) {
    if (needs.empty()) return;  // a constant
    const View& v = views_[lowered_.outputs.size() + i];
    const RowRange need = needs[static_cast<size_t>(step)];
    for (int32_t r = 0; r < lowered_.inputs[i].rows; ++r) {
      const size_t at = v.offset + static_cast<size_t>(r) * v.pitch;
      if (r >= need.first && r < need.end) {
        std::copy_n(inputs.begin() + static_cast<std::ptrdiff_t>(at), v.pitch,
                    arena_.begin() + static_cast<std::ptrdiff_t>(at));
      } else {
        std::fill_n(arena_.begin() + static_cast<std::ptrdiff_t>(at), v.pitch, poison);
      }
    }
  }

  const Graph& graph_;
  const Lowered& lowered_;
  const Bytes& weights_;
  std::vector<View> views_;
  Bytes arena_;
  size_t scratch_ = 0;
};

void check_node(const Graph& graph, int index, const std::vector<Value>& values) {
  const Node& node = graph.nodes[static_cast<size_t>(index)];
  ConstantPool pool;
  Lowering lowering(graph, index, pool);
  const Outcome done = find_op(node.op)->lower(lowering);
  ASSERT_TRUE(done) << done.failure().to_string();
  const Lowered& lowered = lowering.out;
  ASSERT_GE(lowered.steps, 1);

  Bench together(graph, lowered, pool, values, -1);
  together.fire(0, lowered.steps);
  Bench apart(graph, lowered, pool, values, -1);
  EXPECT_EQ(apart.fire_apart(), "") << node.op;
  for (size_t o = 0; o < node.outputs.size(); ++o) {
    if (graph.at(node.outputs[o]).dtype != DType::f32) {
      EXPECT_EQ(together.output(o), values[static_cast<size_t>(node.outputs[o])].bytes)
          << node.op << ": kernel and oracle differ";
    }
    EXPECT_EQ(apart.output(o), together.output(o)) << node.op << " reads a row that it does not declare";
  }
  for (int input : lowered.in_place) {
    if (lowered.inputs[static_cast<size_t>(input)].tensor == no_tensor) continue;  // a constant is never overwritten
    Bench shared(graph, lowered, pool, values, input);
    for (int32_t s = 0; s < lowered.steps; ++s) shared.fire(s, 1);
    EXPECT_EQ(shared.output(0), together.output(0)) << node.op << " cannot work in place on input " << input;
  }
}

class Rows : public testing::TestWithParam<std::string> {};

TEST_P(Rows, KeepTheirPromises) {
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GetParam())) {
    if (entry.path().extension() != ".tflite") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const Result<Graph> graph = read_model(entry.path().string());
    if (!graph) continue;  // cases of unsupported forms are another test's matter
    std::vector<Bytes> inputs;
    for (size_t i = 0; i < graph->inputs.size(); ++i) {
      const Bytes& all = *graph->metadata.at("smelt.in" + std::to_string(i));
      inputs.emplace_back(all.begin(), all.begin() + graph->at(graph->inputs[i]).bytes());
    }
    std::vector<Value> values = evaluate(*graph, inputs);
    for (TensorId id : graph->states()) values[static_cast<size_t>(id)].bytes = initial_state(graph->at(id));
    for (size_t n = 0; n < graph->nodes.size(); ++n) check_node(*graph, static_cast<int>(n), values);
    ++cases;
  }
  if (cases == 0) GTEST_SKIP() << "no case of this operator can be read yet";
}

std::vector<std::string> folders() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SMELT_SOURCE_DIR) + "/tests/ops")) {
    if (entry.is_directory()) found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

INSTANTIATE_TEST_SUITE_P(Operators, Rows, testing::ValuesIn(folders()),
                         [](const testing::TestParamInfo<std::string>& info) {
                           return std::filesystem::path(info.param).filename().string();
                         });

}  // namespace
}  // namespace smelt
