// Numbers from one type to another. Floats lose their fraction and saturate; integers are cut off; anything but 0 is true.
#ifndef SMELT_RUNTIME_OPS_CAST_HPP
#define SMELT_RUNTIME_OPS_CAST_HPP

#include <stdint.h>

#include "../int64.hpp"
#include "each.hpp"

namespace smelt {

/// NaN becomes 0.
inline int32_t truncated(float x) {
  if (x >= 2147483648.0F) return INT32_MAX;
  if (x <= -2147483648.0F) return INT32_MIN;
  return x == x ? static_cast<int32_t>(x) : 0;
}

/// NaN becomes 0.
inline int64_t truncated_64(float x) {
  if (x >= 9223372036854775808.0F) return INT64_MAX;
  if (x <= -9223372036854775808.0F) return INT64_MIN;
  return x == x ? static_cast<int64_t>(x) : 0;
}

/// As a whole number to be cut off.
template <class In>
inline In cast_integer(In x) {
  return x;
}
inline int32_t cast_integer(float x) { return truncated(x); }
inline int64_t cast_integer(Int64 x) { return x; }

template <class In>
inline void cast_to_f32(const Firing& f) {
  each_element<In, float>(f, f.as<UnaryF32>().row, [](In x) { return static_cast<float>(x); });
}
template <class In, class Out>
inline void cast_to_integer(const Firing& f) {
  each_element<In, Out>(f, f.as<UnaryF32>().row, [](In x) { return static_cast<Out>(cast_integer(x)); });
}
template <class In>
inline void cast_to_bool(const Firing& f) {
  each_element<In, uint8_t>(f, f.as<UnaryF32>().row, [](In x) { return static_cast<uint8_t>(x != In{} ? 1 : 0); });
}

inline void cast_f32_s32(const Firing& f) { cast_to_integer<float, int32_t>(f); }
inline void cast_f32_16(const Firing& f) { cast_to_integer<float, int16_t>(f); }
inline void cast_f32_8(const Firing& f) { cast_to_integer<float, int8_t>(f); }
inline void cast_f32_bool(const Firing& f) { cast_to_bool<float>(f); }
inline void cast_s32_f32(const Firing& f) { cast_to_f32<int32_t>(f); }
inline void cast_s32_16(const Firing& f) { cast_to_integer<int32_t, int16_t>(f); }
inline void cast_s32_8(const Firing& f) { cast_to_integer<int32_t, int8_t>(f); }
inline void cast_s32_bool(const Firing& f) { cast_to_bool<int32_t>(f); }
inline void cast_s16_f32(const Firing& f) { cast_to_f32<int16_t>(f); }
inline void cast_s16_s32(const Firing& f) { cast_to_integer<int16_t, int32_t>(f); }
inline void cast_s16_8(const Firing& f) { cast_to_integer<int16_t, int8_t>(f); }
inline void cast_s16_bool(const Firing& f) { cast_to_bool<int16_t>(f); }
inline void cast_s8_f32(const Firing& f) { cast_to_f32<int8_t>(f); }
inline void cast_s8_s32(const Firing& f) { cast_to_integer<int8_t, int32_t>(f); }
inline void cast_s8_16(const Firing& f) { cast_to_integer<int8_t, int16_t>(f); }
inline void cast_8_bool(const Firing& f) { cast_to_bool<uint8_t>(f); }
inline void cast_u8_f32(const Firing& f) { cast_to_f32<uint8_t>(f); }
inline void cast_u8_s32(const Firing& f) { cast_to_integer<uint8_t, int32_t>(f); }
inline void cast_u8_16(const Firing& f) { cast_to_integer<uint8_t, int16_t>(f); }
inline void cast_8_8(const Firing& f) { cast_to_integer<uint8_t, uint8_t>(f); }

template <class In>
inline void cast_to_s64(const Firing& f) {
  each_element<In, Int64>(f, f.as<UnaryF32>().row, [](In x) { return static_cast<int64_t>(x); });
}
inline void cast_s32_s64(const Firing& f) { cast_to_s64<int32_t>(f); }
inline void cast_s16_s64(const Firing& f) { cast_to_s64<int16_t>(f); }
inline void cast_s8_s64(const Firing& f) { cast_to_s64<int8_t>(f); }
inline void cast_u8_s64(const Firing& f) { cast_to_s64<uint8_t>(f); }
inline void cast_f32_s64(const Firing& f) {
  each_element<float, Int64>(f, f.as<UnaryF32>().row, [](float x) { return truncated_64(x); });
}
inline void cast_s64_s32(const Firing& f) { cast_to_integer<Int64, int32_t>(f); }
inline void cast_s64_16(const Firing& f) { cast_to_integer<Int64, int16_t>(f); }
inline void cast_s64_8(const Firing& f) { cast_to_integer<Int64, int8_t>(f); }
inline void cast_s64_f32(const Firing& f) { cast_to_f32<Int64>(f); }
inline void cast_s64_bool(const Firing& f) { cast_to_bool<Int64>(f); }

}  // namespace smelt

#endif
