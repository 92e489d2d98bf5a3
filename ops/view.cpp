#include "ops/view.hpp"

#include <algorithm>
#include <numeric>

namespace smelt::view {

DimOrder identity(size_t rank) {
  DimOrder v(rank);
  std::iota(v.begin(), v.end(), 0);
  return v;
}

DimOrder compose(const DimOrder& outer, const DimOrder& inner) {
  DimOrder v;
  for (int d : outer) v.push_back(d < 0 ? -1 : inner[static_cast<size_t>(d)]);
  return v;
}

DimOrder inverse(const DimOrder& view, size_t rank) {
  DimOrder back(rank, -1);
  for (size_t d = 0; d < view.size(); ++d) {
    if (view[d] >= 0) back[static_cast<size_t>(view[d])] = static_cast<int>(d);
  }
  return back;
}

bool fits(const DimOrder& view, const Shape& shape) {
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] != 1 && place_of(view, static_cast<int64_t>(d)) < 0) return false;
  }
  return true;
}

Shape apply(const DimOrder& view, const Shape& shape) {
  Shape out;
  for (int d : view) out.push_back(d < 0 ? 1 : shape[static_cast<size_t>(d)]);
  return out;
}

bool keeps_order(const DimOrder& view, const Shape& shape) {
  int last = -1;
  for (int d : view) {
    if (d < 0 || shape[static_cast<size_t>(d)] == 1) continue;
    if (d < last) return false;
    last = d;
  }
  return true;
}

std::optional<DimOrder> of_shapes(const Shape& from, const Shape& to) {
  DimOrder v;
  size_t at = 0;
  for (int32_t size : to) {
    if (size != 1) {
      while (at < from.size() && from[at] == 1) ++at;
    }
    if (at < from.size() && from[at] == size) {
      v.push_back(static_cast<int>(at++));
    } else if (size == 1) {
      v.push_back(-1);
    } else {
      return std::nullopt;
    }
  }
  if (!fits(v, from)) return std::nullopt;
  return v;
}

int place_of(const DimOrder& view, int64_t d) {
  const auto at = std::find(view.begin(), view.end(), static_cast<int>(d));
  return at == view.end() ? -1 : static_cast<int>(at - view.begin());
}

std::vector<int64_t> reorder(const std::vector<int64_t>& values, const DimOrder& view, int64_t absent) {
  std::vector<int64_t> out;
  for (int d : view) out.push_back(d < 0 ? absent : values[static_cast<size_t>(d)]);
  return out;
}

bool works_element_by_element(const Node& node) {
  const OpDef* op = find_op(node.op);
  return op != nullptr && op->under_view == unchanged && node.inputs.size() == 1 && node.outputs.size() == 1;
}

std::optional<Attrs> unchanged(const Graph&, const Node& node, const DimOrder&) { return node.attrs; }

std::optional<Attrs> with_axis(const Graph&, const Node& node, const DimOrder& view) {
  const int axis = place_of(view, node.attrs.i("axis", -1));
  if (axis < 0) return std::nullopt;
  Attrs attrs = node.attrs;
  attrs.set("axis", int64_t{axis});
  return attrs;
}

std::optional<Attrs> keeping_last(const Graph& graph, const Node& node, const DimOrder& view) {
  const auto last = static_cast<int>(graph.at(node.out()).shape.size()) - 1;
  if (view.empty() || view.back() != last) return std::nullopt;
  return node.attrs;
}

std::optional<Attrs> with_lists(const Node& node, const DimOrder& view,
                                std::initializer_list<std::pair<const char*, int64_t>> names) {
  Attrs attrs = node.attrs;
  for (const auto& [name, absent] : names) attrs.set(name, reorder(node.attrs.ints(name), view, absent));
  return attrs;
}

}  // namespace smelt::view
