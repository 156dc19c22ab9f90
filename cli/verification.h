// What splicing changes: the answers to prompts under kinds of contexts and repair policies, compared with full
// prefills of the same rows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/workspace.h"
#include "runtime/encoder.h"
#include "runtime/generate.h"
#include "runtime/model.h"

namespace pml::cli {

/// A way to serve prompts.
struct Setting {
  ast::ContextKind context = ast::ContextKind::guaranteed;
  grammar::RepairPolicy repair;
};

/// One prompt in one setting, against its full prefill.
struct PromptFidelity {
  double kl = 0.0;            // of the next token, mean over the answer's tokens, in nats
  double top1 = 0.0;          // part of the answer's tokens that are the likeliest here, too
  std::int32_t num_same = 0;  // tokens before the first that is not
  std::int32_t num_tokens = 0;
  std::int32_t num_cached = 0;
  std::int32_t num_live = 0;
  std::int32_t num_repaired = 0;
  std::optional<double> ttft_ms;  // of the first prompts
};

/// A question whose right answer follows from the modules that are present.
struct Question {
  std::string name;
  compiler::Selection selection;
  std::vector<std::vector<compiler::TokenId>> candidates;  // the right one first
};

/// One question in one setting.
struct QuestionFidelity {
  bool is_right = false;  // the right answer is the likeliest of the candidates
  double right = 0.0;     // its probability
  double wrong = 0.0;     // that of all others together
};

/// A prompt to measure.
struct Sample {
  std::string name;  // for people: where it came from
  std::string text;  // as a document, if it was sampled
  compiler::Selection selection;
};

/// The greedy answer of a full prefill, and the distribution before each of its tokens.
struct Reference {
  std::vector<compiler::TokenId> tokens;
  std::vector<std::vector<float>> logprobs;  // [tokens][vocab_size]
};

class Verification {
 public:
  /// Loads the weights. The workspace has its layout and its recipe; throws Stop.
  Verification(Workspace& workspace, const Options& options);

  Result<Reference> reference(const Sample& sample);
  /// `measures_time`: also the time to the first token.
  Result<PromptFidelity> measure(const Sample& sample, const Reference& reference, const Setting& setting,
                                 bool measures_time);
  /// The full prefill of the same tokens without gaps between them.
  Result<PromptFidelity> measure_without_gaps(const Sample& sample, const Reference& reference);
  /// `setting`: nothing for a full prefill.
  Result<QuestionFidelity> ask(const Question& question, const std::optional<Setting>& setting);
  /// How much closer the answer comes, in KL, if the segments of a module are computed anew, for every module that is
  /// not exact; largest first.
  Result<std::vector<std::pair<std::string, double>>> blame(const Sample& sample, const Reference& reference,
                                                            const Setting& setting);

  /// What a scaffold of these modules buys: how much the mean KL of `samples` falls in the workspace's own setting, and
  /// what its artifacts take. `references` and `kls`: of the samples, as they are without it.
  struct Gain {
    double kl = 0.0;
    std::int64_t num_tokens = 0;
    std::uint64_t size_bytes = 0;
  };
  Result<Gain> try_scaffold(const std::vector<compiler::ElementId>& modules, const std::vector<Sample>& samples,
                            const std::vector<Reference>& references, const std::vector<double>& kls);

  /// Mean KL of `samples` after these contexts, in the workspace's own repair. What the store does not hold of them is
  /// encoded and not kept.
  Result<double> try_contexts(const compiler::Contexts& contexts, const std::vector<Sample>& samples,
                              const std::vector<Reference>& references);

  /// Tokens that go through the model before every segment of these kinds is stored.
  std::int64_t count_missing(ast::ContextKind kind);

 private:
  /// What a kind of contexts needs.
  struct Kind {
    compiler::Contexts contexts;
    std::unique_ptr<runtime::Encoder> encoder;
    compiler::Ranking ranking;  // of tokens, if a policy needs one
  };
  Kind& kind_of(ast::ContextKind kind);
  compiler::Plan plan(const compiler::Selection& selection, const Setting& setting);
  compiler::Plan full_plan(const compiler::Selection& selection);
  Result<runtime::GenerationRequest> request(const compiler::Plan& plan, runtime::Encoder& encoder) const;
  std::unique_ptr<runtime::Encoder> make_encoder(const compiler::Contexts& contexts, const runtime::Store* store,
                                                 runtime::Warn warn) const;
  Result<PromptFidelity> compare(const compiler::Plan& plan, runtime::Encoder& encoder, const Reference& reference);
  std::vector<std::vector<float>> distributions(const runtime::GenerationRequest& request,
                                                std::span<const compiler::TokenId> continuation);

  Workspace& workspace_;
  const Options& options_;
  runtime::Model model_;
  std::map<ast::ContextKind, Kind> kinds_;
};

}  // namespace pml::cli
