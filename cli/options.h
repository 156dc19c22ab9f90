// What the command line says, as plain values. Filled in by command_line.cpp, read by one file a subcommand.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "grammar/ast.h"
#include "grammar/diagnostics.h"
#include "runtime/generation/request.h"
#include "runtime/generation/tail_cache.h"
#include "runtime/store/garbage.h"

namespace pml::cli {

/// Exit codes of every command.
inline constexpr int kDone = 0;
inline constexpr int kBadInput = 1;  // the user's documents are wrong: diagnostics were printed
inline constexpr int kBadCommandLine = 2;
inline constexpr int kMachineFailed = 3;  // file, memory, model
inline constexpr int kInterrupted = 130;  // by Ctrl-C, as shells say it

/// What `pml verify` measures.
struct VerifyOptions {
  std::vector<ast::ContextKind> contexts;      // empty: all kinds, or with a bound the schema's own
  std::vector<grammar::RepairPolicy> repairs;  // empty: none, joints and exact, or with a bound the schema's own
  std::string prompts;                         // path of a file, one JSON object a line; empty: sampled
  std::string questions;                       // the same with answers; empty: none
  std::int32_t samples = 32;                   // prompts
  std::uint64_t seed = 1;                      // of the sampled prompts
  std::int32_t tokens = 32;                    // of each answer
  std::optional<double> max_kl;                // bounds
  std::optional<double> min_top1;
  bool suggests_scaffolds = false;
  std::string plot;  // path of an SVG file; empty: none
};

struct Options {
  std::string schema;  // path; empty: none
  std::string prompt;  // path; empty: none
  std::string select;  // what the prompt selects, as an expression
  bool has_select = false;
  std::string user;  // text of a last user turn
  bool has_user = false;
  bool has_prompt() const { return !prompt.empty() || has_select || has_user; }
  std::string model;                 // path; empty: none
  std::string chat_template;         // family: "chatml", "llama3", "qwen"; empty: what the model says
  std::string template_tags;         // path of a JSON file; empty: none
  std::string store;                 // folder; empty: the default one
  std::vector<std::string> allowed;  // folders that `src` may read from
  std::string kv_type;               // "f32", "f16", "bf16"; empty: what the schema was compiled with, else f16
  std::string weights = "auto";      // "f32", "bf16", "stored", "q8", "q4"; "auto": as compiled, else what is fastest
  std::string compute = "auto";      // "f32", "bf16": then the weights are that, too; "auto": follows from the weights
  std::string context;               // ast::ContextKind; empty: as compiled, else the default
  std::uint64_t automatic_bytes = 4ULL << 30;   // of artifacts that `--repair exact` made
  std::optional<grammar::RepairPolicy> repair;  // nothing: what the schema says
  std::string device = "cpu";
  std::string svg;   // explain, layout: path of a picture; empty: none
  std::string html;  // layout: the same as a page
  std::string dump;  // "ast", "layout", "plan"; empty: none
  int threads = 0;   // 0: all cores
  bool json = false;
  bool quiet = false;
  bool timing = false;     // say where the time went
  bool text_only = false;  // render: the bare text
  bool dry_run = false;    // compile, gc: only say what would be done
  // fmt:
  std::vector<std::string> files;  // paths; `-`: standard input
  bool to_stdout = false;
  bool only_checks = false;  // nothing is written
  // inspect:
  bool verify = false;
  bool force = false;                         // compile: also scaffolds that take more than the budget
  std::uint64_t scaffold_bytes = 1ULL << 30;  // compile: the budget
  std::int32_t measured_prompts = -1;  // compile: prompts that tokens are ranked with; below 0: as the schema needs
  std::string prompt_log;              // compile: path of prompts that were asked, one JSON object a line; empty: none
  VerifyOptions verification;
  // gc:
  runtime::GarbagePolicy garbage;
  // run:
  bool no_cache = false;
  std::int32_t max_tokens = 256;
  std::int32_t logprobs = 0;
  bool has_seed = false;
  runtime::SamplerOptions sampler;                      // a random seed if none is given and it is needed
  std::vector<std::string> stop;                        // strings that end the answer
  std::string batch;                                    // path, or `-`; empty: none
  std::int32_t parallel = 16;                           // prompts of a batch in one forward pass
  std::size_t tail_bytes = runtime::kDefaultTailBytes;  // of a batch's finished requests' own rows, kept for later ones
  std::vector<std::int32_t> force_tokens;
  // check:
  bool list_kinds = false;
  std::optional<grammar::DiagnosticKind> explained;

  std::set<grammar::DiagnosticKind> ignored;  // warnings that are not given
};

}  // namespace pml::cli
