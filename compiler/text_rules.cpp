#include "compiler/text_rules.h"

#include "compiler/quote.h"

namespace pml::compiler {
namespace {

/// As their tokenizer.json files have them; the two differ in how many digits a piece may have.
constexpr std::string_view kLlama3Pattern = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
                                            R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2Pattern = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})"
                                           R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

SplitStep isolate(std::string_view pattern) { return {std::string(pattern), SplitStep::Behavior::isolated, false}; }

}  // namespace

SplitStep split_digits(bool each) {
  return {R"(\p{N})", each ? SplitStep::Behavior::isolated : SplitStep::Behavior::contiguous, false};
}

Result<TextRules> named_text_rules(std::string_view name) {
  TextRules rules;
  if (name == "gpt-2") {
    rules.splits = {isolate(kGpt2Pattern)};
  } else if (name == "smollm") {
    rules.splits = {split_digits(true), isolate(kGpt2Pattern)};
  } else if (name == "llama-bpe" || name == "llama3" || name == "llama-v3") {
    rules.splits = {isolate(kLlama3Pattern)};
    rules.ignores_merges = true;
    rules.adds_bos = true;
  } else if (name == "qwen2") {
    rules.normalizes_to_nfc = true;
    rules.splits = {isolate(kQwen2Pattern)};
  } else if (name.empty()) {
    return fail("the tokenizer names no pre-tokenizer");
  } else {
    return fail("pre-tokenizer " + quote(name) + " is not supported ('gpt-2', 'smollm', 'llama-bpe' and 'qwen2' are)");
  }
  return rules;
}

}  // namespace pml::compiler
