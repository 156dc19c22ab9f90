// The tiny models of tests/models, as folder and as GGUF file, against what `transformers` computes of them
// (tests/oracle/model_goldens.py).
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "runtime/model.h"

namespace pml::runtime {
namespace {

constexpr double kTolerance = 2e-4;  // natural log

nlohmann::json read_golden(const std::string& name) {
  std::ifstream file(std::string(PML_TEST_GOLDEN) + "/models/" + name + ".json");
  REQUIRE(file.good());
  return nlohmann::json::parse(file);
}

/// log(sum(exp(logits))).
double log_sum_exp(const std::vector<float>& logits) {
  const double most = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(logit - most);
  return most + std::log(sum);
}

/// The largest difference of a listed log-probability over all steps: the first tokens in one pass, then one by one.
double worst_difference(const Model& model, const std::vector<TokenId>& tokens, std::size_t num_prompt,
                        const nlohmann::json& placement) {
  const auto positions = placement["positions"].get<std::vector<Slot>>();
  const nlohmann::json& steps = placement["best"];
  REQUIRE(positions.size() == tokens.size());
  REQUIRE(steps.size() == tokens.size() - num_prompt);
  KvBuffer own(model.kv_shape(KvType::f32), static_cast<std::int64_t>(tokens.size()));
  double worst = 0.0;
  std::size_t begin = 0;
  for (std::size_t end = num_prompt; end < tokens.size(); begin = end++) {
    const std::vector<float> logits = prefill(model, std::span(tokens).subspan(begin, end - begin),
                                              std::span(positions).subspan(begin, end - begin), {}, own, true);
    const double norm = log_sum_exp(logits);
    for (const auto& [token, logprob] : steps[end - num_prompt].get<std::vector<std::pair<TokenId, double>>>()) {
      worst = std::max(worst, std::abs(logits.at(static_cast<std::size_t>(token)) - norm - logprob));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("every architecture gives what transformers gives, from both formats", "[models]") {
  const auto name =
      GENERATE(as<std::string>(), "llama-llama3-scaling", "llama-bias-linear", "mistral", "qwen2", "qwen3");
  const auto format = GENERATE(as<std::string>(), "", ".gguf");
  CAPTURE(name, format);
  const auto file = compiler::ModelFile::open(std::string(PML_TEST_MODELS) + "/" + name + format);
  if (!file) FAIL(file.error().message);
  const auto model = Model::load(*file, {});
  REQUIRE(model);
  const nlohmann::json golden = read_golden(name);
  const auto tokens = golden["tokens"].get<std::vector<TokenId>>();
  for (const nlohmann::json& placement : golden["placements"]) {
    CAPTURE(placement["name"]);
    const double worst = worst_difference(*model, tokens, golden["num_prompt"].get<std::size_t>(), placement);
    INFO("largest difference: " << worst);
    CHECK(worst <= kTolerance);
  }
}

}  // namespace pml::runtime
