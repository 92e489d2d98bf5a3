#include "plan/place.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

namespace smelt::plan {
namespace {

constexpr size_t most_pairs_tried = size_t{1} << 27;  ///< of blocks, in all attempts: a second or so

int64_t align_up(int64_t n, int64_t alignment) { return (n + alignment - 1) / alignment * alignment; }

/// Calls f with every two intervals that meet; stops when f returns false.
template <class F>
bool each_meeting(const std::vector<Interval>& a, const std::vector<Interval>& b, F f) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const int32_t first = std::max(a[i].born, b[j].born);
    const int32_t last = std::min(a[i].dies, b[j].dies);
    if (first <= last && !f(a[i], b[j])) return false;
    (a[i].dies < b[j].dies ? i : j) += 1;
  }
  return true;
}

bool meet(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  return !each_meeting(a, b, [](const Interval&, const Interval&) { return false; });
}

/// Displacements (offset of a block less that of another) from `first` to `last` that are not allowed.
struct Forbidden {
  int64_t first;
  int64_t last;
};

void merge(std::vector<Forbidden>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Forbidden& a, const Forbidden& b) { return a.first < b.first; });
  std::vector<Forbidden> merged;
  for (const Forbidden& f : ranges) {
    if (!merged.empty() && f.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, f.last);
    } else {
      merged.push_back(f);
    }
  }
  ranges = std::move(merged);
}

/// Whether pieces further up are born later and die later, each in one interval: so it is of rows written and read in
/// order, as almost all are.
bool in_order(const Block& b) {
  for (size_t i = 0; i < b.pieces.size(); ++i) {
    const Piece& p = b.pieces[i];
    if (p.live.size() != 1 || p.bytes == 0) return false;
    if (i > 0 && (p.live[0].born < b.pieces[i - 1].live[0].born || p.live[0].dies < b.pieces[i - 1].live[0].dies)) return false;
  }
  return true;
}

/// What p forbids against pieces [first, last] of b, all of which it meets.
Forbidden against(const Piece& p, const Piece& first, const Piece& last) {
  return {int64_t{first.offset} - p.offset - p.bytes + 1, int64_t{last.offset} + last.bytes - 1 - p.offset};
}

/// Of two blocks in order each piece meets a run of the other's pieces, and the run moves up with it: no need to look at
/// all pairs. (Where rows that nobody writes leave a gap in the run, the gap is forbidden with it.)
std::vector<Forbidden> forbidden_in_order(const Block& a, const Block& b) {
  std::vector<Forbidden> ranges;
  size_t first = 0, end = 0;
  for (const Piece& p : a.pieces) {
    while (first < b.pieces.size() && b.pieces[first].live[0].dies < p.live[0].born) ++first;
    while (end < b.pieces.size() && b.pieces[end].live[0].born <= p.live[0].dies) ++end;
    if (first < end) ranges.push_back(against(p, b.pieces[first], b.pieces[end - 1]));
  }
  merge(ranges);
  return ranges;
}

std::vector<Forbidden> forbidden(const Block& a, const Block& b) {
  if (in_order(a) && in_order(b)) return forbidden_in_order(a, b);
  constexpr size_t most_pairs = size_t{1} << 22;
  if (a.pieces.size() * b.pieces.size() > most_pairs) {  // too many to look at: apart, whatever their lives
    return {{1 - int64_t{a.bytes()}, int64_t{b.bytes()} - 1}};
  }
  std::vector<Forbidden> ranges;
  for (const Piece& p : a.pieces) {
    for (const Piece& q : b.pieces) {
      if (p.bytes == 0 || q.bytes == 0 || !meet(p.live, q.live)) continue;
      const Forbidden f = against(p, q, q);
      if (!ranges.empty() && ranges.back().first <= f.first && f.first <= ranges.back().last + 1) {
        ranges.back().last = std::max(ranges.back().last, f.last);
      } else {
        ranges.push_back(f);
      }
    }
  }
  merge(ranges);
  return ranges;
}

bool may_coincide(const Block& from, const Block& to, const std::vector<int32_t>& at) {
  size_t first = 0;  // pieces stand in order of their offsets
  for (const Piece& p : from.pieces) {
    while (first < to.pieces.size() && to.pieces[first].offset + to.pieces[first].bytes <= p.offset) ++first;
    for (size_t i = first; i < to.pieces.size() && to.pieces[i].offset < p.offset + p.bytes; ++i) {
      const Piece& q = to.pieces[i];
      const bool allowed = each_meeting(p.live, q.live, [&](const Interval& old, const Interval& fresh) {
        return old.dies == fresh.born && std::binary_search(at.begin(), at.end(), fresh.born);
      });
      if (!allowed) return false;
    }
  }
  return true;
}

/// Blocks with what each pair forbids, worked out once for many attempts.
class Placer {
 public:
  Placer(const std::vector<Block>& blocks, const std::vector<Exception>& exceptions, uint32_t alignment)
      : blocks_(blocks), alignment_(alignment), forbidden_(blocks.size() * blocks.size()) {
    for (size_t i = 0; i < blocks.size(); ++i) {
      for (size_t j = 0; j < i; ++j) set(i, j, forbidden(blocks[i], blocks[j]));
    }
    for (const Exception& e : exceptions) {
      if (!may_coincide(blocks[e.from], blocks[e.to], e.at)) continue;
      std::vector<Forbidden> opened;
      for (const Forbidden& f : forbidden_[e.from * blocks.size() + e.to]) {
        if (f.first > 0 || f.last < 0) {
          opened.push_back(f);
          continue;
        }
        if (f.first < 0) opened.push_back({f.first, -1});
        if (f.last > 0) opened.push_back({1, f.last});
      }
      set(e.from, e.to, opened);
    }
  }

  /// Puts each block, in the given order, at the lowest offset that is free for its whole life.
  Layout first_fit(const std::vector<size_t>& order) const {
    Layout layout;
    layout.offsets.assign(blocks_.size(), 0);
    std::vector<Forbidden> taken;
    for (size_t n = 0; n < order.size(); ++n) {
      const size_t i = order[n];
      taken.clear();
      for (size_t k = 0; k < n; ++k) {
        const size_t j = order[k];
        for (const Forbidden& f : forbidden_[i * blocks_.size() + j]) {
          const int64_t last = f.last + layout.offsets[j];
          if (last >= 0) taken.push_back({f.first + layout.offsets[j], last});
        }
      }
      std::sort(taken.begin(), taken.end(), [](const Forbidden& a, const Forbidden& b) { return a.first < b.first; });
      int64_t at = 0;
      for (const Forbidden& f : taken) {
        if (f.first > at) break;
        at = std::max(at, align_up(f.last + 1, alignment_));
      }
      layout.offsets[i] = static_cast<uint32_t>(at);
      layout.bytes = std::max(layout.bytes, static_cast<uint32_t>(align_up(at + blocks_[i].bytes(), alignment_)));
    }
    return layout;
  }

 private:
  void set(size_t i, size_t j, std::vector<Forbidden> ranges) {
    std::vector<Forbidden> mirrored;
    for (const Forbidden& f : ranges) mirrored.push_back({-f.last, -f.first});
    std::reverse(mirrored.begin(), mirrored.end());
    forbidden_[j * blocks_.size() + i] = std::move(mirrored);
    forbidden_[i * blocks_.size() + j] = std::move(ranges);
  }

  const std::vector<Block>& blocks_;
  int64_t alignment_;
  std::vector<std::vector<Forbidden>> forbidden_;
};

Interval span(const Block& b) {
  Interval all{INT32_MAX, INT32_MIN};
  for (const Piece& p : b.pieces) {
    if (p.live.empty()) continue;
    all.born = std::min(all.born, p.live.front().born);
    all.dies = std::max(all.dies, p.live.back().dies);
  }
  return all;
}

}  // namespace

uint32_t peak(const std::vector<Block>& blocks) {
  std::map<int64_t, int64_t> change;  // of the live bytes, by time
  for (const Block& b : blocks) {
    for (const Piece& p : b.pieces) {
      for (const Interval& life : p.live) {
        change[life.born] += p.bytes;
        change[int64_t{life.dies} + 1] -= p.bytes;
      }
    }
  }
  int64_t live = 0, most = 0;
  for (const auto& [time, bytes] : change) most = std::max(most, live += bytes);
  return static_cast<uint32_t>(most);
}

Layout place(const std::vector<Block>& blocks, const std::vector<Exception>& exceptions, uint32_t alignment, int tries) {
  const Placer placer(blocks, exceptions, alignment);
  const uint32_t bound = peak(blocks);
  std::vector<Interval> spans;
  for (const Block& b : blocks) spans.push_back(span(b));
  Layout best;
  std::vector<size_t> best_order;
  const auto attempt = [&](const std::vector<size_t>& order) {
    Layout layout = placer.first_fit(order);
    if (!best_order.empty() && layout.bytes > best.bytes) return;
    best = std::move(layout);
    best_order = order;
  };
  const auto length = [&](size_t i) { return int64_t{spans[i].dies} - spans[i].born; };
  const std::vector<std::function<bool(size_t, size_t)>> keys = {
      [&](size_t a, size_t b) { return blocks[a].bytes() > blocks[b].bytes(); },
      [&](size_t a, size_t b) { return length(a) > length(b); },
      [&](size_t a, size_t b) { return spans[a].born < spans[b].born; },
      [&](size_t a, size_t b) { return spans[a].dies > spans[b].dies; },
  };
  std::vector<size_t> order(blocks.size());
  for (const auto& key : keys) {
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), key);
    attempt(order);
  }
  uint32_t random = 0x9E3779B9U;  // xorshift keeps the search repeatable
  const auto next = [&] {
    random ^= random << 13;
    random ^= random >> 17;
    return random ^= random << 5;
  };
  tries = static_cast<int>(std::min<size_t>(static_cast<size_t>(tries), most_pairs_tried / (blocks.size() * blocks.size() + 1)));
  for (int n = 0; n < tries && best.bytes > bound && !blocks.empty(); ++n) {
    order = best_order;
    size_t from = next() % order.size();
    if (n % 2 == 0) {  // the block that reaches the top
      const auto end = [&](size_t i) { return best.offsets[i] + blocks[i].bytes(); };
      from = static_cast<size_t>(
          std::max_element(order.begin(), order.end(), [&](size_t a, size_t b) { return end(a) < end(b); }) - order.begin());
    }
    const size_t to = next() % (from + 1);
    std::rotate(order.begin() + static_cast<int64_t>(to), order.begin() + static_cast<int64_t>(from),
                order.begin() + static_cast<int64_t>(from) + 1);
    attempt(order);
  }
  return best;
}

}  // namespace smelt::plan
