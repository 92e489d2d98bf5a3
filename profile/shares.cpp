// Instructions summed up by function and by kind.
#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "profile/profile.hpp"

namespace smelt::profile {
namespace {

std::string demangled(const std::string& name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  const std::string result = status == 0 && text != nullptr ? text : name;
  std::free(text);
  return result;
}

/// The function that holds the address: hand-written code without a size reaches up to the next one.
std::string holder(const std::vector<verify::Function>& functions, std::uint32_t address) {
  const auto next = std::upper_bound(functions.begin(), functions.end(), address,
                                     [](std::uint32_t a, const verify::Function& f) { return a < f.address; });
  if (next == functions.begin()) return "?";
  const verify::Function& f = *(next - 1);
  return f.bytes == 0 || address - f.address < f.bytes ? demangled(f.name) : "?";
}

struct Row {
  const char* name;
  std::vector<const char*> kinds;  ///< of thumb::kind_names
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {{"alu", {"alu", "if_then"}},
                                       {"simd", {"simd"}},
                                       {"multiply", {"multiply"}},
                                       {"simd multiply-accumulate", {"simd_mac"}},
                                       {"long multiply", {"long_multiply"}},
                                       {"divide", {"divide"}},
                                       {"load", {"load", "fp_load"}},
                                       {"store", {"store", "fp_store"}},
                                       {"load multiple", {"load_multiple"}},
                                       {"store multiple", {"store_multiple"}},
                                       {"floating point", {"fp", "fp_mac", "fp_divide", "fp_move"}}};
  return all;
}

void add(Share& share, const Site& site, std::uint64_t times) {
  share.instructions += times;
  const double part = site.executed == 0 ? 0 : static_cast<double>(times) / static_cast<double>(site.executed);
  share.cycles += {site.cycles.low * part, site.cycles.nominal * part, site.cycles.high * part};
}

/// A site's cycles know no taken and not taken: one that was not taken costs one cycle, the others the rest.
void add_branch(Share& taken, Share& not_taken, const Site& site) {
  const std::uint64_t passed = site.executed - std::min(site.executed, site.taken);
  const auto n = static_cast<double>(passed);
  const Estimate cheap{std::min(n, site.cycles.low), std::min(n, site.cycles.nominal), std::min(n, site.cycles.high)};
  Estimate rest = site.cycles;
  if (site.taken == 0) {
    not_taken.cycles += site.cycles;
  } else {
    not_taken.cycles += cheap;
    rest -= cheap;
    taken.cycles += rest;
  }
  not_taken.instructions += passed;
  taken.instructions += site.executed - passed;
}

}  // namespace

std::vector<Share> by_function(const std::vector<Site>& sites, const std::vector<verify::Function>& functions) {
  std::map<std::string, Share> found;
  for (const Site& s : sites) {
    Share& share = found[holder(functions, s.address)];
    add(share, s, s.executed);
  }
  std::vector<Share> shares;
  for (auto& [name, share] : found) {
    share.name = name;
    shares.push_back(std::move(share));
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.cycles.nominal > b.cycles.nominal; });
  return shares;
}

std::vector<Share> by_kind(const std::vector<Site>& sites) {
  std::vector<Share> shares;
  for (const Row& row : rows()) {
    Share share;
    share.name = row.name;
    for (const Site& s : sites) {
      if (std::find(row.kinds.begin(), row.kinds.end(), s.kind) != row.kinds.end()) add(share, s, s.executed);
    }
    shares.push_back(std::move(share));
  }
  Share taken{"branch taken", 0, {}}, passed{"branch not taken", 0, {}}, other{"other", 0, {}};
  for (const Site& s : sites) {
    if (s.kind == "branch") add_branch(taken, passed, s);
    if (s.kind == "other") add(other, s, s.executed);
  }
  for (Share& share : {std::ref(taken), std::ref(passed), std::ref(other)}) shares.push_back(share);
  return shares;
}

}  // namespace smelt::profile
