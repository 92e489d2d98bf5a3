#pragma once

#include <random>

namespace smelt::fuzz {

using Random = std::minstd_rand;

}  // namespace smelt::fuzz
