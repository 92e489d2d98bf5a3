// A QEMU plugin that runs every executed instruction through a pipeline model, in three columns of constants.
//
// The firmware's own clock cuts time into regions: each read of the timer (counter=ADDRESS) begins or ends one. What
// lies between the two is what the timer counts as well, so both can be compared. Instructions are counted one by one
// from the region number first=N on.
//
// Arguments: isa=thumb or riscv, out=FILE counter=ADDRESS first=N wait=STATES flash=BEGIN:END and every constant as
// NAME=LOW:NOMINAL:HIGH. WAITED are the nominal cycles that the fetch, or reads of 16 bytes of data, waited for flash.
// The result is text, a line each:
//   region INSTRUCTIONS LOW NOMINAL HIGH
//   code ADDRESS KIND EXECUTED TAKEN LOW NOMINAL HIGH WAITED
//   data ADDRESS WAITED
//   end
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "verify/plugin/pipeline.hpp"
#include "verify/plugin/qemu_plugin.hpp"
#include "verify/plugin/riscv.hpp"

namespace {

using namespace smelt;  // NOLINT(google-build-using-namespace): this file is the plugin
using targets::column_count;

constexpr std::size_t nominal = 1;  // column
constexpr int no_registers = 0;
constexpr int reads_and_writes = 3;  // QEMU 7.2 takes one for the other, so the decoder tells loads from stores

using Cycles = std::array<double, column_count>;

/// An instruction of the image, what happened to it, and the state of its branch predictor.
struct Site {
  std::uint32_t address = 0;
  thumb::Instruction what;
  int counter = 1;  ///< two-bit: taken from 2 on
  std::uint32_t target = 0;
  std::uint64_t executed = 0;
  std::uint64_t taken = 0;
  Cycles cycles{};
  double waited = 0;  ///< nominal
};

struct Region {
  std::uint64_t instructions = 0;
  Cycles cycles{};
};

class Observer {
 public:
  bool configure(int count, char** arguments);
  Site* site(std::uint32_t address, const std::uint8_t* bytes, std::size_t size);
  void execute(Site& site);
  void read(Site& site, std::uint32_t address);
  void write() const;

 private:
  bool set(const std::string& name, const std::string& value);
  void leave(Site& site, const Site& to);
  bool counting() const { return inside_ && regions_.size() >= first_; }

  std::string out_;
  bool riscv_ = false;
  std::uint32_t counter_ = 0;
  std::uint32_t flash_begin_ = 0, flash_end_ = 0;
  std::size_t first_ = 0;
  double wait_ = 0;
  std::array<targets::CycleParameters, column_count> parameters_{};
  std::vector<cycles::Pipeline> pipelines_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Site>> sites_;
  Site* last_ = nullptr;
  const Site* loop_ = nullptr;  ///< the last conditional branch that was taken backward, unless it then was not
  std::uint64_t instructions_ = 0;
  bool inside_ = false;
  Region begin_;
  std::vector<Region> regions_;
  std::unordered_map<std::uint32_t, double> read_waits_;  ///< by address / 16
};

/// Never destroyed: QEMU calls back after the destructors of this library would have run.
Observer& observer = *new Observer;

bool Observer::set(const std::string& name, const std::string& value) {
  if (name == "out")
    out_ = value;
  else if (name == "isa")
    riscv_ = value == "riscv";
  else if (name == "counter")
    counter_ = static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, 0));
  else if (name == "first")
    first_ = std::strtoul(value.c_str(), nullptr, 0);
  else if (name == "wait")
    wait_ = std::strtod(value.c_str(), nullptr);
  else if (name == "flash") {
    char* end = nullptr;
    flash_begin_ = static_cast<std::uint32_t>(std::strtoul(value.c_str(), &end, 0));
    flash_end_ = static_cast<std::uint32_t>(*end == ':' ? std::strtoul(end + 1, nullptr, 0) : 0);
  } else {
    for (std::size_t i = 0; i < targets::cycle_parameter_count; ++i) {
      if (targets::cycle_parameter_names[i] != name) continue;
      double c[column_count];
      if (std::sscanf(value.c_str(), "%lf:%lf:%lf", &c[0], &c[1], &c[2]) != 3) return false;
      for (std::size_t k = 0; k < column_count; ++k) parameters_[k][i] = c[k];
      return true;
    }
    return false;
  }
  return true;
}

bool Observer::configure(int count, char** arguments) {
  for (int i = 0; i < count; ++i) {
    const std::string argument = arguments[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || !set(argument.substr(0, equals), argument.substr(equals + 1))) {
      std::fprintf(stderr, "the cycle model does not know the argument '%s'\n", arguments[i]);
      return false;
    }
  }
  for (const targets::CycleParameters& p : parameters_) {
    pipelines_.emplace_back(p, wait_);
    if (flash_end_ != 0) pipelines_.back().set_flash(flash_begin_, flash_end_);
  }
  return true;
}

/// Blocks are translated again and again; what is known of an instruction stays.
Site* Observer::site(std::uint32_t address, const std::uint8_t* bytes, std::size_t size) {
  std::unique_ptr<Site>& s = sites_[address];
  if (s == nullptr) s = std::make_unique<Site>();
  const auto half = [&](std::size_t at) {
    return at + 1 < size ? static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8) : 0;
  };
  s->address = address;
  s->what = riscv_ ? riscv::decode(half(0), half(2)) : thumb::decode(half(0), half(2));
  return s.get();
}

/// `to` is executed next: how the branch `site` went, whether its predictor knew, and what that costs.
void Observer::leave(Site& site, const Site& to) {
  cycles::Exit exit;
  exit.taken = to.address != site.address + site.what.bytes;
  exit.wide_target = exit.taken && to.what.bytes == 4 && (to.address & 2) != 0;
  const bool same_target =
      !exit.taken || site.target == to.address || !(site.what.indirect || site.what.loads_pc || site.what.table);
  exit.predicted = (site.counter >= 2) == exit.taken && same_target;
  exit.looped = loop_ == &site;
  if (site.what.conditional && exit.taken && to.address <= site.address) loop_ = &site;
  if (exit.looped && !exit.taken) loop_ = nullptr;
  if (exit.taken) site.target = to.address;
  site.counter = exit.taken ? std::min(3, site.counter + 1) : std::max(0, site.counter - 1);
  const bool counts = counting();
  if (counts && exit.taken) ++site.taken;
  for (std::size_t k = 0; k < column_count; ++k) {
    const double extra = pipelines_[k].leave(site.what, exit);
    if (counts) site.cycles[k] += extra;
  }
}

void Observer::execute(Site& site) {
  if (last_ != nullptr && last_->what.writes_pc) leave(*last_, site);
  last_ = &site;
  ++instructions_;
  const bool counts = counting();
  if (counts) ++site.executed;
  for (std::size_t k = 0; k < column_count; ++k) {
    const double spent = pipelines_[k].issue(site.what, site.address);
    if (!counts) continue;
    site.cycles[k] += spent;
    if (k == nominal) site.waited += pipelines_[k].waited();
  }
}

void Observer::read(Site& site, std::uint32_t address) {
  if (address == counter_) {
    Region now;
    now.instructions = instructions_;
    for (std::size_t k = 0; k < column_count; ++k) now.cycles[k] = pipelines_[k].now();
    if (inside_) {
      now.instructions -= begin_.instructions;
      for (std::size_t k = 0; k < column_count; ++k) now.cycles[k] -= begin_.cycles[k];
      regions_.push_back(now);
    } else {
      begin_ = now;
    }
    inside_ = !inside_;
  } else if (wait_ > 0 && address >= flash_begin_ && address < flash_end_) {
    const bool counts = counting();
    for (std::size_t k = 0; k < column_count; ++k) {
      const double extra = pipelines_[k].read_flash(address);
      if (!counts) continue;
      site.cycles[k] += extra;
      if (k == nominal && extra > 0) read_waits_[address / 16] += extra;
    }
  }
}

void Observer::write() const {
  std::FILE* file = std::fopen(out_.c_str(), "w");
  if (file == nullptr) return;
  for (const Region& r : regions_) {
    std::fprintf(file, "region %llu %.3f %.3f %.3f\n", static_cast<unsigned long long>(r.instructions), r.cycles[0],
                 r.cycles[1], r.cycles[2]);
  }
  for (const auto& [address, s] : sites_) {
    if (s->executed == 0) continue;
    std::fprintf(file, "code %u %s %llu %llu %.3f %.3f %.3f %.3f\n", address,
                 thumb::kind_names[static_cast<std::size_t>(s->what.kind)],
                 static_cast<unsigned long long>(s->executed), static_cast<unsigned long long>(s->taken), s->cycles[0],
                 s->cycles[1], s->cycles[2], s->waited);
  }
  for (const auto& [block, waited] : read_waits_) std::fprintf(file, "data %u %.3f\n", block * 16, waited);
  std::fprintf(file, "end\n");
  std::fclose(file);
}

void on_execution(unsigned, void* site) { observer.execute(*static_cast<Site*>(site)); }

void on_read(unsigned, std::uint32_t, std::uint64_t address, void* site) {
  observer.read(*static_cast<Site*>(site), static_cast<std::uint32_t>(address));
}

void on_translation(std::uint64_t, qemu_plugin_tb* block) {
  const std::size_t count = qemu_plugin_tb_n_insns(block);
  for (std::size_t i = 0; i < count; ++i) {
    qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
    Site* site = observer.site(static_cast<std::uint32_t>(qemu_plugin_insn_vaddr(instruction)),
                               static_cast<const std::uint8_t*>(qemu_plugin_insn_data(instruction)),
                               qemu_plugin_insn_size(instruction));
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_execution, no_registers, site);
    const thumb::Kind kind = site->what.kind;
    if (kind == thumb::Kind::load || kind == thumb::Kind::load_multiple || kind == thumb::Kind::fp_load ||
        kind == thumb::Kind::vector_load)
      qemu_plugin_register_vcpu_mem_cb(instruction, on_read, no_registers, reads_and_writes, site);
  }
}

}  // namespace

int qemu_plugin_version = 1;

int qemu_plugin_install(std::uint64_t id, const qemu_info_t*, int argc, char** argv) {
  if (!observer.configure(argc, argv)) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(
      id, [](std::uint64_t, void*) { observer.write(); }, nullptr);
  return 0;
}
