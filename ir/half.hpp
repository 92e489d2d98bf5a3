// IEEE 754 half precision, as files hold weights in it.
#pragma once

#include <cstdint>

namespace smelt {

/// The float of the same value.
float from_half(uint16_t bits);

/// The nearest half, to even at ties; infinity from 65,520 on.
uint16_t to_half(float value);

}  // namespace smelt
