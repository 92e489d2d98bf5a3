#include "verify/run.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "verify/device/protocol.hpp"

namespace smelt::verify {
namespace {

namespace fs = std::filesystem;

template <class T>
void append(Bytes& bytes, const T& value) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(&value);
  bytes.insert(bytes.end(), p, p + sizeof value);
}

Bytes job_bytes(const Image& image, const Job& job) {
  Bytes bytes;
  append(bytes, wire::JobHeader{wire::job_magic, job.fill ? 1U : 0U, static_cast<std::uint32_t>(job.batches.size())});
  for (const Batch& batch : job.batches) {
    SMELT_ASSERT(batch.model < image.models.size(), "batch of a model that is not in the image");
    const ModelSpec& m = image.models[batch.model];
    append(bytes,
           wire::Batch{static_cast<std::uint32_t>(batch.model), static_cast<std::uint32_t>(batch.inputs.size())});
    for (const std::vector<Bytes>& inputs : batch.inputs) {
      SMELT_ASSERT(inputs.size() == m.inputs.size(), "number of inputs of " + m.name);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        SMELT_ASSERT(inputs[i].size() == m.inputs[i].bytes, fmt::format("bytes of input {} of {}", i, m.name));
        bytes.insert(bytes.end(), inputs[i].begin(), inputs[i].end());
      }
    }
  }
  return bytes;
}

/// Takes the result file apart; never reads past its end.
class Answer {
 public:
  explicit Answer(Bytes bytes) : bytes_(std::move(bytes)) {}

  template <class T>
  bool get(T& value) {
    return take(&value, sizeof value);
  }

  bool take(void* to, std::size_t count) {
    if (bytes_.size() - at_ < count) return false;
    if (count != 0) std::memcpy(to, bytes_.data() + at_, count);
    at_ += count;
    return true;
  }

  /// Room is made for no more than the file holds.
  template <class T>
  bool take(std::vector<T>& to, std::size_t count) {
    if ((bytes_.size() - at_) / sizeof(T) < count) return false;
    to.resize(count);
    return take(to.data(), count * sizeof(T));
  }

  bool ended() const { return at_ == bytes_.size(); }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

/// Ticks to instructions, without those of reading the clock.
class Clock {
 public:
  Clock(const targets::Target& target, const wire::ResultHeader& h)
      : ratio_(targets::tick_ratio(target)),
        coarse_ticks_(target.timer ? target.timer->coarse_ticks : 0),
        empty_(whole(h.empty_ticks)) {
    seen_ = whole(h.long_ticks) - whole(h.short_ticks);
  }

  /// A known loop took as many instructions as it has.
  bool exact() const { return seen_ == expected(); }
  std::uint64_t seen() const { return seen_; }
  static constexpr std::uint64_t expected() { return wire::ResultHeader::spin_long - wire::ResultHeader::spin_short; }

  /// The coarse counter tells how often the 32-bit one went round since both started from zero. It may be a tick ahead
  /// where its prescaler runs on; only a tick as long as a round must be exact.
  std::uint64_t instructions(const wire::Record& r) const {
    constexpr std::uint64_t round = std::uint64_t{1} << 32;
    const std::uint64_t sure = coarse_ticks_ <= round / 2 && r.coarse > 0 ? r.coarse - 1 : r.coarse;
    const std::uint64_t at_least = sure * coarse_ticks_;
    const std::uint64_t rounds = at_least <= r.end ? 0 : (at_least - r.end + round - 1) / round;
    const std::uint64_t n = whole(rounds * round + r.end - r.start);
    return n > empty_ ? n - empty_ : 0;
  }

 private:
  std::uint64_t whole(std::uint64_t ticks) const {
    return (ticks * ratio_.numerator + ratio_.denominator / 2) / ratio_.denominator;
  }

  targets::TickRatio ratio_;
  std::uint64_t coarse_ticks_;
  std::uint64_t empty_;
  std::uint64_t seen_ = 0;
};

bool read_checksums(Answer& answer, const wire::Record& record, const ModelSpec& model, Inference& inference) {
  std::vector<std::uint32_t> rows;
  if (!answer.take(rows, record.rows)) return false;
  auto next = rows.begin();
  for (const TapSpec& tap : model.taps) {
    if (rows.end() - next < tap.rows) return record.rows == 0;
    inference.checksums.emplace_back(next, next + tap.rows);
    next += tap.rows;
  }
  return true;
}

bool read_inference(Answer& answer, const targets::Target& target, const Image& image, const Clock& clock,
                    std::size_t model, Inference& inference) {
  wire::Record record{};
  if (!answer.get(record) || record.model != model) return false;
  inference.status = record.status;
  if (image.kind == ImageKind::measure && target.timer) inference.instructions = clock.instructions(record);
  if (image.kind == ImageKind::measure && !target.memories.empty()) inference.stack_bytes = record.stack_bytes;
  for (const Buffer& b : image.models[model].outputs) {
    Bytes bytes;
    if (!answer.take(bytes, b.bytes)) return false;
    inference.outputs.push_back(std::move(bytes));
  }
  std::vector<wire::OpRecord> ops;
  if (!answer.take(ops, record.ops)) return false;
  for (const wire::OpRecord& op : ops) {
    inference.ops.push_back({op.instructions, op.worst, op.firings, op.steps});
    if (!target.timer) inference.ops.back().instructions = inference.ops.back().worst = 0;
  }
  return read_checksums(answer, record, image.models[model], inference);
}

Result<RunResult> read_answer(const targets::Target& target, const Image& image, const Job& job, Bytes bytes) {
  const std::string place = image.file.filename().string() + " on " + target.name;
  const Failure broken(ExitCode::mismatch, {"E0723", place, "the result file is broken",
                                            "the code may have overwritten the harness's memory"});
  Answer answer(std::move(bytes));
  wire::ResultHeader header{};
  if (!answer.get(header) || header.magic != wire::result_magic) return broken;
  const Clock clock(target, header);
  if (target.timer && !clock.exact())
    return Failure(ExitCode::mismatch, {"E0725", place,
                                        fmt::format("a loop of {} instructions took {}", Clock::expected(), clock.seen()),
                                        "check timer.hz and emulator.icount_shift of the target"});
  RunResult result;
  for (const Batch& batch : job.batches) {
    result.batches.emplace_back(batch.inputs.size());
    for (Inference& inference : result.batches.back()) {
      if (!read_inference(answer, target, image, clock, batch.model, inference)) return broken;
    }
  }
  if (!answer.ended()) return broken;
  return result;
}

/// The command that runs the image, or the Failure that its emulator is not there.
Result<std::vector<std::string>> command_of(const targets::Target& target, const Image& image, const Job& job) {
  if (!target.emulator) return std::vector<std::string>{image.file.string()};
  const targets::Emulator& e = *target.emulator;
  const auto program = find_program(e.command);
  if (!program) return missing_tool(e.command, e.package);
  std::vector<std::string> command{*program, "-M", e.machine};
  if (!e.cpu.empty()) command.insert(command.end(), {"-cpu", e.cpu});
  command.insert(command.end(), e.arguments.begin(), e.arguments.end());
  command.insert(command.end(), {"-display", "none", "-monitor", "none", "-serial", "none", "-semihosting-config",
                                 "enable=on,target=native", "-icount",
                                 fmt::format("shift={},sleep=off", e.icount_shift), "-kernel", image.file.string()});
  if (target.strict_alignment && job.watch_alignment) {
    const fs::path plugin = targets::locate("SMELT_ALIGN_PLUGIN", "lib/smelt/libsmelt_align.so", SMELT_BUILD_PLUGIN);
    if (!fs::exists(plugin))
      return Failure(ExitCode::missing_tool, {"E0711", plugin.string(), "the plugin that watches alignment is missing",
                                              "build the target smelt_align, or set SMELT_ALIGN_PLUGIN"});
    command.insert(command.end(), {"-plugin", plugin.string()});
  }
  if (!job.plugin.empty()) command.insert(command.end(), {"-plugin", job.plugin});
  return command;
}

}  // namespace

std::uint32_t row_checksum(const std::uint8_t* row, std::size_t bytes) { return wire::checksum(row, bytes); }

Result<RunResult> run_image(const targets::Target& target, const Image& image, const Job& job) {
  const auto command = command_of(target, image, job);
  if (!command) return command.failure();
  const TempDir work;
  {
    const Bytes bytes = job_bytes(image, job);
    std::ofstream file(work.path() / wire::job_file, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush())
      return Failure("E0723", (work.path() / wire::job_file).string(), "the job file cannot be written");
  }
  const std::string place = "run on " + target.name;
  const Ended ended = run_program(*command, work.path(), job.deadline);
  if (ended.timed_out)
    return Failure(ExitCode::mismatch,
                   {"E0722", place, fmt::format("no end after {} seconds", job.deadline.count()), ended.output});
  if (ended.status == wire::unaligned_status)
    return Failure(ExitCode::mismatch, {"E0724", place, "the code makes an unaligned access", ended.output});
  if (ended.status != 0)
    return Failure(ExitCode::mismatch,
                   {"E0721", place, fmt::format("the code failed (status {})", ended.status), ended.output});
  std::ifstream file(work.path() / wire::result_file, std::ios::binary);
  Bytes answer{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return read_answer(target, image, job, std::move(answer));
}

}  // namespace smelt::verify
