#include "runtime/store/encode_rate.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "compiler/json_file.h"
#include "runtime/store/manifest.h"

namespace pml::runtime {
namespace {

constexpr std::int64_t kFewestTokens = 64;

}  // namespace

std::string rate_name(const std::string& recipe) {
  const std::string key = "pml-rate-1\n" + recipe_entry(recipe, "model") + "\n" + recipe_entry(recipe, "weights") +
                          "\n" + recipe_entry(recipe, "compute");
  return "rates/" + compiler::to_hex(compiler::sha256(key)) + ".json";
}

std::optional<EncodeRate> read_encode_rate(std::string_view text) {
  const auto json = compiler::parse_json(text);
  if (!json) return std::nullopt;
  const auto number = [&](const char* key) {
    const nlohmann::json& value = compiler::member(*json, key);
    return value.is_number() ? value.get<double>() : -1.0;
  };
  const EncodeRate rate{number("load_seconds"), number("tokens_per_second")};
  const bool is_sound = std::isfinite(rate.load_seconds) && rate.load_seconds >= 0.0 &&
                        std::isfinite(rate.tokens_per_second) && rate.tokens_per_second > 0.0;
  return is_sound ? std::optional(rate) : std::nullopt;
}

std::optional<EncodeRate> read_encode_rate(const Store& store, const compiler::Recipe& recipe) {
  const auto text = store.read_text(rate_name(to_json(recipe)));
  return text ? read_encode_rate(*text) : std::nullopt;
}

void remember_encode_rate(const Store& store, const compiler::Recipe& recipe, double load_seconds,
                          std::int64_t num_tokens, double encode_seconds) {
  if (num_tokens < kFewestTokens || encode_seconds <= 0.0) return;
  const nlohmann::json json{{"load_seconds", load_seconds},
                            {"tokens_per_second", static_cast<double>(num_tokens) / encode_seconds}};
  static_cast<void>(store.write_text(rate_name(to_json(recipe)), json.dump() + "\n"));
}

}  // namespace pml::runtime
