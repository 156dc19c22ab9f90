#include "runtime/store/encode_rate.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace pml::runtime {
namespace {

constexpr std::int64_t kFewestTokens = 64;

std::string rate_name(const compiler::Recipe& recipe) {
  return "rates/" +
         compiler::to_hex(
             compiler::sha256("pml-rate-1\n" + recipe.model + "\n" + recipe.weights + "\n" + recipe.compute)) +
         ".json";
}

}  // namespace

std::optional<EncodeRate> read_encode_rate(const Store& store, const compiler::Recipe& recipe) {
  const auto text = store.read_text(rate_name(recipe));
  if (!text) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto number = [&](const char* key) {
    return json.contains(key) && json[key].is_number() ? json[key].get<double>() : -1.0;
  };
  const EncodeRate rate{number("load_seconds"), number("tokens_per_second")};
  const bool is_sound = std::isfinite(rate.load_seconds) && rate.load_seconds >= 0.0 &&
                        std::isfinite(rate.tokens_per_second) && rate.tokens_per_second > 0.0;
  return is_sound ? std::optional(rate) : std::nullopt;
}

void remember_encode_rate(const Store& store, const compiler::Recipe& recipe, double load_seconds,
                          std::int64_t num_tokens, double encode_seconds) {
  if (num_tokens < kFewestTokens || encode_seconds <= 0.0) return;
  const nlohmann::json json{{"load_seconds", load_seconds},
                            {"tokens_per_second", static_cast<double>(num_tokens) / encode_seconds}};
  static_cast<void>(store.write_text(rate_name(recipe), json.dump() + "\n"));
}

}  // namespace pml::runtime
