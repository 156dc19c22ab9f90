// From a planned prompt to a request, and from an answer to what is printed: what `run` does for one prompt and
// for each of a batch.
#pragma once

#include <string>

#include "cli/json_output.h"
#include "cli/options.h"
#include "cli/workspace.h"
#include "runtime/encoder.h"
#include "runtime/generate.h"
#include "runtime/generation/text_stream.h"

namespace pml::cli {

/// What served a prompt.
struct Usage {
  std::int64_t cached_tokens = 0;   // rows from artifacts
  std::int64_t encoded_tokens = 0;  // those of them that had to be computed now
  std::int64_t live_tokens = 0;
  std::int64_t repaired_tokens = 0;
  std::size_t bytes_mapped = 0;
};

/// The model, the store and what the command line says, ready to answer prompts of one schema.
class Answering {
 public:
  /// Loads the weights. The workspace has its layout and its recipe; throws Stop.
  Answering(Workspace& workspace, const Options& options);

  const runtime::Model& model() const { return model_; }
  runtime::Encoder& encoder() { return encoder_; }

  /// What the command line says of generating, with the model's end tokens.
  const runtime::GenerationOptions& generation_options() const { return generation_options_; }

  /// Opens the plan's artifacts; what the store lacks is encoded now. Ctrl-C ends that (the result is a failure), and
  /// later cancels the request.
  Result<runtime::GenerationRequest> request(const compiler::Plan& plan,
                                             const runtime::GenerationOptions& generation_options, Usage& usage);

  std::string_view bytes_of(runtime::TokenId token) const;

 private:
  Workspace& workspace_;
  const Options& options_;
  runtime::Model model_;
  runtime::Encoder encoder_;
  runtime::GenerationOptions generation_options_;
};

/// The JSON of an answer (section `run` of the command's JSON). `ttft_ms`: request accepted -> first token.
Json to_json(const std::string& text, const runtime::Answer& answer, const Usage& usage,
             const runtime::GenerationOptions& generation_options, double ttft_ms);

/// Tokens a second after the first; 0 if there was no second.
double decode_rate(const runtime::Answer& answer);

}  // namespace pml::cli
