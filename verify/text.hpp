// The texts that are generated for an image: each is a pure function of the target's data and the models.
#pragma once

#include <string>

#include "verify/build.hpp"

namespace smelt::verify {

/// target_config.hpp: the timer, as macros.
std::string config_text(const targets::Target& target);

/// glue.cpp: the table of cases, and for trace images the models themselves.
std::string glue_text(const ImageSpec& spec);

/// The linker script. Output sections keep apart who brought what; elf.cpp reads their sizes.
std::string linker_text(const targets::Target& target, const ImageSpec& spec);

}  // namespace smelt::verify
