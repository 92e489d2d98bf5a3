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

/// The function that holds the address, or null: hand-written code without a size reaches up to the next one.
const verify::Function* holder(const std::vector<verify::Function>& functions, std::uint32_t address) {
  const auto next = std::upper_bound(functions.begin(), functions.end(), address,
                                     [](std::uint32_t a, const verify::Function& f) { return a < f.address; });
  if (next == functions.begin()) return nullptr;
  const verify::Function& f = *(next - 1);
  return f.bytes == 0 || address - f.address < f.bytes ? &f : nullptr;
}

bool starts(const std::string& text, const std::string& with) { return text.compare(0, with.size(), with) == 0; }

/// A prefix of what is linked from inside `space`.
std::string mangled(const std::string& space) { return "_ZN" + std::to_string(space.size()) + space; }

/// Whether it is the model's, its runtime included, and neither the harness's nor the compiler's.
bool of_model(const std::string& symbol, const std::string& model) {
  const std::string space = mangled("smelt");
  return (starts(symbol, space) && !starts(symbol, space + "6verify")) || starts(symbol, mangled("smelt_" + model)) ||
         starts(symbol, model + "_");
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
                                       {"floating point", {"fp", "fp_mac", "fp_divide", "fp_move"}},
                                       {"vector load", {"vector_load"}},
                                       {"vector store", {"vector_store"}},
                                       {"vector integer", {"vector_int"}},
                                       {"vector multiply", {"vector_mul"}},
                                       {"vector predicate", {"vector_system"}}};
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
    const verify::Function* f = holder(functions, s.address);
    Share& share = found[f == nullptr ? "?" : demangled(f->name)];
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

FlashWaits flash_waits(const Observation& o, const std::string& name, const std::vector<verify::Function>& functions,
                       const std::vector<verify::Function>& variables) {
  FlashWaits waits;
  const auto weights = std::find_if(variables.begin(), variables.end(), [&](const verify::Function& v) {
    return starts(v.name, mangled("smelt_" + name)) && v.name.find("7weightsE") != std::string::npos;
  });
  if (weights != variables.end()) waits.weights_bytes = weights->bytes;
  std::map<const verify::Function*, double> by;
  for (const Site& s : o.sites) by[holder(functions, s.address)] += s.waited;
  for (const ReadWait& r : o.reads) {
    if (weights != variables.end() && r.address - weights->address < weights->bytes) {
      waits.weights += r.waited;
    } else {
      by[holder(functions, r.address)] += r.waited;  // constants among the code
    }
  }
  for (const verify::Function& f : functions) {  // by address, so that the order is always the same
    const auto found = by.find(&f);
    if (found == by.end() || !of_model(f.name, name)) continue;
    waits.code.push_back({f.name.substr(0, f.name.find('.')), f.bytes, found->second});
  }
  return waits;
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
