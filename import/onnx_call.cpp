#include "import/onnx_call.hpp"

#include <algorithm>

#include "import/text.hpp"

namespace smelt::onnx {

Call::Call(GraphBuilder& builder, File& file, const NodeProto& call, Ids inputs)
    : b(builder), node(call), opset(file.opset()), file_(file), in_(std::move(inputs)) {
  for (const AttributeProto& a : node.attribute()) {
    if (!attributes_.emplace(a.name(), &a).second) mismatch("attribute " + printable(a.name()) + " is there twice");
  }
}

TensorId Call::in(size_t i) const {
  if (!has(i)) b.refuse("E0302", "input " + std::to_string(i) + " is missing", "export the model again");
  return in_[i];
}

const Ids& Call::all() const {
  for (size_t i = 0; i < in_.size(); ++i) in(i);
  if (in_.empty()) in(0);
  return in_;
}

const AttributeProto* Call::attribute(const std::string& name) const {
  const auto at = attributes_.find(name);
  return at == attributes_.end() ? nullptr : at->second;
}

const AttributeProto* Call::take(const char* name, AttributeProto::AttributeType type) {
  read_.insert(name);
  const AttributeProto* a = attribute(name);
  if (a != nullptr && a->has_type() && a->type() != type) mismatch(std::string("attribute ") + name + " is of another type");
  return a;
}

int64_t Call::i(const char* name, int64_t absent) {
  const AttributeProto* a = take(name, AttributeProto::INT);
  return a == nullptr ? absent : a->i();
}

double Call::f(const char* name, double absent) {
  const AttributeProto* a = take(name, AttributeProto::FLOAT);
  return a == nullptr ? absent : double{a->f()};
}

std::string Call::s(const char* name, const std::string& absent) {
  const AttributeProto* a = take(name, AttributeProto::STRING);
  return a == nullptr ? absent : printable(a->s());
}

Ints Call::ints(const char* name, const Ints& absent) {
  const AttributeProto* a = take(name, AttributeProto::INTS);
  return a == nullptr ? absent : Ints(a->ints().begin(), a->ints().end());
}

std::vector<float> Call::floats(const char* name, const std::vector<float>& absent) {
  const AttributeProto* a = take(name, AttributeProto::FLOATS);
  return a == nullptr ? absent : std::vector<float>(a->floats().begin(), a->floats().end());
}

std::vector<std::string> Call::strings(const char* name) {
  const AttributeProto* a = take(name, AttributeProto::STRINGS);
  std::vector<std::string> all;
  for (int k = 0; a != nullptr && k < a->strings_size(); ++k) all.push_back(printable(a->strings(k)));
  return all;
}

TensorId Call::tensor(const char* name) {
  const AttributeProto* a = take(name, AttributeProto::TENSOR);
  if (a == nullptr) return no_tensor;
  Result<Tensor> t = file_.tensor(a->t(), file_.name() + ": node \"" + printable(node.name()) + "\", attribute " + name);
  if (!t) throw Refusal{t.failure()};
  return b.constant(t->dtype, t->shape, t->data);
}

void Call::refuse_unread() const {
  for (const auto& [name, a] : attributes_) {
    if (read_.count(name) == 0) unsupported("attribute " + printable(name) + " is not supported");
  }
}

std::optional<Ints> Call::list(const char* name, size_t input) {
  if (has(input)) return b.ints(in(input), name);
  if (has_attr(name)) return ints(name);
  return std::nullopt;
}

int64_t Call::axis(int64_t given, int64_t rank) const {
  if (given < -rank || given >= rank) mismatch("axis " + std::to_string(given) + " is not a dimension of rank " + std::to_string(rank));
  return given < 0 ? given + rank : given;
}

Ints Call::axes(Ints given, int64_t rank) const {
  for (int64_t& a : given) a = axis(a, rank);
  std::sort(given.begin(), given.end());
  if (std::adjacent_find(given.begin(), given.end()) != given.end()) mismatch("an axis is named twice");
  return given;
}

}  // namespace smelt::onnx
