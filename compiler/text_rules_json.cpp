#include "compiler/text_rules_json.h"

#include <string>
#include <utility>
#include <vector>

#include "compiler/json_file.h"
#include "compiler/json_settings.h"
#include "compiler/quote.h"

namespace pml::compiler {
namespace {

using nlohmann::json;

/// The stages of `stage`: itself, or those of a `Sequence` (of sequences); none of null. `list` is the key of
/// a sequence's stages.
Result<std::vector<const json*>> flatten(const json& stage, const char* list) {
  std::vector<const json*> stages;
  std::vector<const json*> open{&stage};
  while (!open.empty()) {
    const json& next = *open.back();
    open.pop_back();
    if (next.is_null()) continue;
    if (string_member(next, "type") != "Sequence") {
      stages.push_back(&next);
      continue;
    }
    const json& inner = member(next, list);
    if (!inner.is_array()) return fail("'" + std::string(list) + "' of a 'Sequence' is no array");
    for (auto child = inner.rbegin(); child != inner.rend(); ++child) open.push_back(&*child);
  }
  return stages;
}

Result<void> read_normalizer(const json& normalizer, TextRules& rules) {
  const auto stages = flatten(normalizer, "normalizers");
  if (!stages) return tl::make_unexpected(stages.error());
  for (const json* stage : *stages) {
    const std::string_view type = string_member(*stage, "type");
    if (type != "NFC") return fail("normalizer " + quote(type) + " is not supported ('NFC' is)");
    rules.normalizes_to_nfc = true;
  }
  return {};
}

/// The regular expression that matches `text` as it stands.
std::string literal_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("\\^$.[]|()?*+{}-&#").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

Result<SplitStep> read_split(const json& stage) {
  SplitStep step;
  const json& pattern = member(stage, "pattern");
  if (member(pattern, "Regex").is_string()) {
    step.pattern = string_member(pattern, "Regex");
  } else if (member(pattern, "String").is_string()) {
    step.pattern = literal_pattern(string_member(pattern, "String"));
  } else {
    return fail("a 'Split' has no pattern");
  }
  using Behavior = SplitStep::Behavior;
  const std::string_view behavior = string_member(stage, "behavior");
  if (behavior == "Isolated") {
    step.behavior = Behavior::isolated;
  } else if (behavior == "Contiguous") {
    step.behavior = Behavior::contiguous;
  } else if (behavior == "MergedWithPrevious") {
    step.behavior = Behavior::merged_with_previous;
  } else if (behavior == "MergedWithNext") {
    step.behavior = Behavior::merged_with_next;
  } else {
    return fail("a 'Split' with the behavior " + quote(behavior) + " is not supported");  // 'Removed' loses text
  }
  JsonSettings settings(stage);
  step.is_inverted = settings.flag_or("invert", false);
  return settings.check().map([&] { return std::move(step); });
}

Result<void> read_pre_tokenizer(const json& pre_tokenizer, TextRules& rules) {
  const auto stages = flatten(pre_tokenizer, "pretokenizers");
  if (!stages) return tl::make_unexpected(stages.error());
  for (std::size_t i = 0; i < stages->size(); ++i) {
    const json& stage = *(*stages)[i];
    const std::string_view type = string_member(stage, "type");
    JsonSettings settings(stage);
    if (type == "Split") {
      auto step = read_split(stage);
      if (!step) return tl::make_unexpected(step.error());
      rules.splits.push_back(std::move(*step));
    } else if (type == "Digits") {
      rules.splits.push_back(split_digits(settings.flag_or("individual_digits", false)));
      if (auto checked = settings.check(); !checked) return checked;
    } else if (type == "ByteLevel") {
      // What follows would cut the bytes' own alphabet, not text.
      if (i + 1 != stages->size()) return fail("a pre-tokenizer behind 'ByteLevel' is not supported");
      if (settings.flag_or("add_prefix_space", true)) {
        settings.fail_with("'add_prefix_space' of 'ByteLevel' is not supported");
      }
      if (settings.flag_or("use_regex", true)) {
        rules.splits.push_back({std::string(kGpt2Pattern), SplitStep::Behavior::isolated, false});
      }
      return settings.check();
    } else {
      return fail("pre-tokenizer " + quote(type) + " is not supported ('Split', 'Digits' and 'ByteLevel' are)");
    }
  }
  return fail("the pre-tokenizer does not end in 'ByteLevel': only byte-level tokenizers are supported");
}

}  // namespace

Result<TextRules> read_text_rules(const json& tokenizer) {
  TextRules rules;
  if (auto read = read_normalizer(member(tokenizer, "normalizer"), rules); !read) {
    return tl::make_unexpected(read.error());
  }
  if (auto read = read_pre_tokenizer(member(tokenizer, "pre_tokenizer"), rules); !read) {
    return tl::make_unexpected(read.error());
  }
  return rules;
}

}  // namespace pml::compiler
