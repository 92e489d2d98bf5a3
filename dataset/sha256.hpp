// SHA-256 (FIPS 180-4) and HMAC (RFC 2104): contents of files by name, and signatures of recordings.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace smelt::dataset {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  void add(std::span<const std::uint8_t> bytes);
  /// Once, at the end.
  Digest digest();

 private:
  void block(const std::uint8_t* bytes);
  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> pending_{};
  std::uint64_t length_ = 0;
};

Digest sha256(std::span<const std::uint8_t> bytes);
Digest hmac_sha256(std::span<const std::uint8_t> key, std::span<const std::uint8_t> message);
std::string hex(const Digest& digest);

}  // namespace smelt::dataset
