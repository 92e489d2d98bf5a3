// Source: TensorFlow Lite, kernels/lstm_shared.h, kernels/unidirectional_sequence_lstm.cc
// (PopulateQuantizedLstmParams8x8_16).
#include "import/tflite_lstm.hpp"

#include <cstring>
#include <string>

#include "import/tflite_file.hpp"

namespace smelt::tflite {
namespace {

constexpr uint32_t hidden_intermediate = 4, state_input = 18, cell_input = 19;

void read_scale(const SubGraph& subgraph, const flatbuffers::Vector<int32_t>* ids, uint32_t index,
                const std::string& what, Attrs& attrs) {
  if (index >= length(ids)) return;
  const int32_t id = ids->Get(index);
  if (id < 0 || static_cast<size_t>(id) >= length(subgraph.tensors())) return;
  const QuantizationParameters* q = subgraph.tensors()->Get(static_cast<uint32_t>(id))->quantization();
  if (q == nullptr || length(q->scale()) != 1 || length(q->zero_point()) != 1) return;
  int64_t zero_point = 0;  // the verifier promises no alignment of 64-bit elements
  std::memcpy(&zero_point, q->zero_point()->Data(), sizeof zero_point);
  attrs.set(what + "_scale", double{q->scale()->Get(0)});
  attrs.set(what + "_zero", zero_point);
}

}  // namespace

void read_lstm_scales(const SubGraph& subgraph, const Operator& lstm, Attrs& attrs) {
  read_scale(subgraph, lstm.intermediates(), hidden_intermediate, "hidden", attrs);
  read_scale(subgraph, lstm.inputs(), state_input, "state", attrs);
  read_scale(subgraph, lstm.inputs(), cell_input, "cell", attrs);
}

}  // namespace smelt::tflite
