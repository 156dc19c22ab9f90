// Logits -> the next token.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "compiler/tokenizer_data.h"
#include "grammar/result.h"

namespace pml::runtime {

using compiler::TokenId;

/// The numbers that an option may be.
struct OptionRange {
  double least = 0.0;
  double most = 0.0;
  bool excludes_least = false;

  /// Infinities and what is no number are in no range.
  bool contains(double value) const { return (excludes_least ? value > least : value >= least) && value <= most; }
};
/// "from 0 to 1", "above 0 and at most 1".
std::string to_string(const OptionRange& range);

inline constexpr OptionRange kTemperatureRange{0.0, 100.0};
inline constexpr OptionRange kTopKRange{0.0, 1 << 30};
inline constexpr OptionRange kTopPRange{0.0, 1.0, /*excludes_least=*/true};
inline constexpr OptionRange kMinPRange{0.0, 1.0};

/// How a token is drawn. The filters apply in the order of their listing here, as in `transformers`; each sees
/// what the one before it left.
struct SamplerOptions {
  double temperature = 0.0;  // 0: the likeliest token, whatever else is set
  std::int32_t top_k = 0;    // keep the k likeliest; 0: all
  double top_p = 1.0;        // keep the fewest likeliest that hold this much probability; (0, 1]
  double min_p = 0.0;        // keep what is at least this fraction as likely as the likeliest; [0, 1]
  std::uint64_t seed = 0;
};

/// Fails if an option is out of its range.
Result<void> check(const SamplerOptions& options);

struct Candidate {
  TokenId id = 0;
  double probability = 0.0;
};

/// What a token is drawn from: at least one candidate, with probabilities that sum to 1; best first (of equals the
/// lower ID first), or by ID if no filter is set. `logits` [vocab_size]; temperature > 0.
std::vector<Candidate> candidates(std::span<const float> logits, const SamplerOptions& options);

struct LogProb {
  TokenId id = 0;
  float logprob = 0.0F;
};

/// The `count` best of the raw distribution, best first.
std::vector<LogProb> best_logprobs(std::span<const float> logits, std::int32_t count);

/// Draws one request's tokens. The n-th choice depends on the logits, the options and n alone.
class Sampler {
 public:
  explicit Sampler(const SamplerOptions& options) : options_(options), engine_(options.seed) {}
  TokenId choose(std::span<const float> logits);

 private:
  SamplerOptions options_;
  std::mt19937_64 engine_;
};

}  // namespace pml::runtime
