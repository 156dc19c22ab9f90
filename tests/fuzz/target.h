// What a fuzzer or a replay of the corpus (tests/fuzz/corpus) feeds; one definition for each target.
#pragma once

#include <string_view>

namespace pml::fuzz {

/// Takes any bytes. Ends the program if they show a mistake of ours.
void run(std::string_view input);

}  // namespace pml::fuzz
