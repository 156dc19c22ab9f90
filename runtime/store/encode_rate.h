// How fast a model encodes on this machine, remembered in the store so that `compile --dry-run` can say how long a
// compile would take. Figures of the last compile that encoded enough to measure; only an estimate hangs on them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/store/store.h"

namespace pml::runtime {

struct EncodeRate {
  double load_seconds = 0.0;  // until the weights are ready
  double tokens_per_second = 0.0;

  double seconds_for(std::int64_t num_tokens) const {
    return load_seconds + static_cast<double>(num_tokens) / tokens_per_second;
  }
};

/// Of the file that remembers the rate under a recipe, to_json(Recipe), below the store's folder.
std::string rate_name(const std::string& recipe);
/// Nothing if the text is none that was remembered.
std::optional<EncodeRate> read_encode_rate(std::string_view text);
/// What is remembered of this model with these weight and compute types.
std::optional<EncodeRate> read_encode_rate(const Store& store, const compiler::Recipe& recipe);
/// Remembers a rate; too few tokens to tell, or a store that cannot take it, are no failure.
void remember_encode_rate(const Store& store, const compiler::Recipe& recipe, double load_seconds,
                          std::int64_t num_tokens, double encode_seconds);

}  // namespace pml::runtime
