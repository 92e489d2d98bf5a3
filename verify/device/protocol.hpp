// The job file that the host writes and the result file that the firmware answers, as plain words. Both run
// little-endian.
//
//   job     JobHeader, then per batch: Batch, and `count` times all inputs of its model, one after the other
//   result  ResultHeader, then per inference: Record, its outputs, OpRecord[ops], uint32_t[rows] checksums
#ifndef SMELT_VERIFY_PROTOCOL_HPP
#define SMELT_VERIFY_PROTOCOL_HPP

#include <stddef.h>
#include <stdint.h>

namespace smelt::wire {

constexpr char job_file[] = "job.bin";
constexpr char result_file[] = "result.bin";
constexpr uint32_t job_magic = 0x4a4c4d53;
constexpr uint32_t result_magic = 0x524c4d53;
constexpr uint8_t fill_byte = 0xa5;
constexpr int unaligned_status = 97;  ///< exit status of an emulator that saw an unaligned access (plugin/align.cpp)

struct JobHeader {
  uint32_t magic;
  uint32_t fill;  ///< not 0: the arena, but for states, is filled with fill_byte before every inference
  uint32_t batches;
};

struct Batch {
  uint32_t model;
  uint32_t count;
};

/// How far the firmware's clock can be trusted: spins of spin_short and spin_long instructions, and an empty interval.
struct ResultHeader {
  static constexpr uint32_t spin_short = 1000;
  static constexpr uint32_t spin_long = 101000;
  uint32_t magic;
  uint32_t empty_ticks;
  uint32_t short_ticks;
  uint32_t long_ticks;
};

struct Record {
  uint32_t model;
  uint32_t index;
  int32_t status;
  uint32_t start;        ///< the clock before the invocation, and
  uint32_t end;          ///< behind it (measure images)
  uint32_t coarse;       ///< the coarse counter behind it
  uint32_t stack_bytes;  ///< deepest use below the caller of the model (measure images)
  uint32_t ops;          ///< OpRecords that follow (trace images)
  uint32_t rows;         ///< checksums that follow (trace images)
};

struct OpRecord {
  uint64_t instructions;
  uint32_t worst;  ///< instructions of the most expensive firing
  uint32_t firings;
  uint32_t steps;  ///< steps (as a rule rows) over all firings
  uint32_t unused;
};

/// FNV-1a of `bytes` bytes; chain pieces by passing the last result as `hash`.
constexpr uint32_t checksum_start = 2166136261U;
inline uint32_t checksum(const uint8_t* data, size_t bytes, uint32_t hash = checksum_start) {
  for (size_t i = 0; i < bytes; ++i) hash = (hash ^ data[i]) * 16777619U;
  return hash;
}

}  // namespace smelt::wire

#endif
