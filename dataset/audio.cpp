// WAV, FLAC, Ogg, and what else libsndfile reads under these names.
#include <sndfile.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "dataset/decode.hpp"

namespace smelt::dataset {

namespace {

/// A file in memory, for libsndfile.
struct Source {
  std::span<const std::uint8_t> bytes;
  sf_count_t at = 0;

  static Source& of(void* p) { return *static_cast<Source*>(p); }
  static sf_count_t length(void* p) { return static_cast<sf_count_t>(of(p).bytes.size()); }
  static sf_count_t seek(sf_count_t offset, int whence, void* p) {
    Source& s = of(p);
    const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? s.at : length(p);
    s.at = std::clamp<sf_count_t>(offset < -length(p) || offset > length(p) ? 0 : base + offset, 0, length(p));
    return s.at;
  }
  static sf_count_t read(void* to, sf_count_t count, void* p) {
    Source& s = of(p);
    const sf_count_t n = std::clamp<sf_count_t>(length(p) - s.at, 0, std::max<sf_count_t>(count, 0));
    if (n > 0) std::memcpy(to, s.bytes.data() + s.at, static_cast<size_t>(n));
    s.at += n;
    return n;
  }
  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
  static sf_count_t tell(void* p) { return of(p).at; }
};

std::string format_of(int format) {
  switch (format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_FLAC: return "flac";
    case SF_FORMAT_OGG: return "ogg";
    default: return "wav";
  }
}

}  // namespace

Result<Decoded> decode_audio(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options) {
  const auto bad = [&](const std::string& why) { return Failure("E1016", name, why, "give WAV, FLAC or Ogg that other programs play"); };
  Source source{bytes};
  SF_VIRTUAL_IO io{Source::length, Source::seek, Source::read, Source::write, Source::tell};
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> file(sf_open_virtual(&io, SFM_READ, &info, &source), sf_close);
  if (file == nullptr) return bad(std::string("cannot be read: ") + sf_strerror(nullptr));
  if (info.channels < 1 || info.channels > 64 || info.samplerate < 1) return bad("channels or rate are absurd");
  Part part;
  part.signal.rate = info.samplerate;
  for (int c = 0; c < info.channels; ++c) {
    part.signal.axes.push_back({info.channels == 1 ? "audio" : info.channels == 2 ? (c == 0 ? "left" : "right") : "ch" + std::to_string(c + 1), {}});
  }
  // In blocks: what the header says of the length need not be true.
  std::vector<float>& values = part.signal.values;
  constexpr sf_count_t block = 1 << 14;
  for (sf_count_t n = block; n > 0;) {
    const size_t have = values.size();
    if (static_cast<std::int64_t>(have) + block * info.channels > max_values) {
      return Failure("E1019", name, "more than " + std::to_string(max_values) + " numbers", "cut it into several files");
    }
    values.resize(have + static_cast<size_t>(block * info.channels));
    n = sf_readf_float(file.get(), values.data() + have, block);
    values.resize(have + static_cast<size_t>(std::max<sf_count_t>(n, 0) * info.channels));
  }
  if (values.empty()) return bad("holds no samples");
  if (sf_error(file.get()) != SF_ERR_NO_ERROR) part.notes.push_back("damaged; read up to " + std::to_string(part.signal.samples()) + " samples");
  else if (info.frames > part.signal.samples() && info.frames < INT64_MAX / 2) part.notes.emplace_back("shorter than its header says");
  if (Outcome o = select_axes(part.signal, name, options); !o) return o.failure();
  Decoded d;
  d.kind = Kind::audio;
  d.format = format_of(info.format);
  d.parts.push_back(std::move(part));
  return d;
}

}  // namespace smelt::dataset
