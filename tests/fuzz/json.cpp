// The input is JSON text of strangers: a batch's lines, a model's settings.
#include "cli/batch_line.h"
#include "compiler/chat_template_tags.h"
#include "compiler/hugging_face_config.h"
#include "compiler/json_file.h"
#include "compiler/json_settings.h"
#include "compiler/tokenizer_json.h"
#include "fuzz/target.h"
#include "grammar/check.h"
#include "grammar/json_places.h"
#include "grammar/json_prompt.h"
#include "grammar/xml.h"
#include "support/byte_tokenizer.h"

namespace pml::fuzz {
namespace {

using nlohmann::json;

void check_line(std::string_view text) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto line = cli::parse_batch_line(sources.add_line("lines", std::string(text), 1), sources, diagnostics);
  PML_CHECK(line || diagnostics.has_errors(), "what is no line is a mistake");
  if (!line || line->find("file") != nullptr) return;  // would be read
  cli::id_of(*line, sources);
  const auto read = cli::read_batch_line(*line, {}, /*has_seed=*/true, "", sources, diagnostics);
  PML_CHECK(read.prompt || diagnostics.has_errors(), "a line without a prompt is a mistake");
  render(diagnostics, sources);
}

/// A prompt as JSON: what was read, written down, reads as the same.
void check_prompt(std::string_view text) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto prompt = parse_json_prompt(sources.add("prompt.json", std::string(text)), sources, diagnostics);
  PML_CHECK(prompt || diagnostics.has_errors(), "what is no prompt is a mistake");
  if (prompt) dump(*prompt);
  if (prompt && !diagnostics.has_errors()) {
    const auto again = parse_json_prompt(sources.add("written", grammar::to_json(*prompt)), sources, diagnostics);
    PML_CHECK(again && dump(*prompt) == dump(*again), "a prompt that is written down reads as the same");
  }
  render(diagnostics, sources);
}

/// Every byte of a string has its place.
void check_places(const grammar::JsonValue& value, const grammar::SourceSet& sources) {
  for (const auto* list : {&value.keys, &value.values}) {
    for (const grammar::JsonValue& inner : *list) check_places(inner, sources);
  }
  if (value.type != grammar::JsonValue::Type::string) return;
  const auto offsets = offsets_of_json_string(value.place, sources);
  PML_CHECK(offsets.size() == value.text.size() + 1, "every byte of a string has its place");
}

void check_places(std::string_view text) {
  grammar::SourceSet sources;
  grammar::Diagnostics diagnostics;
  const auto source = sources.add("values.json", std::string(text));
  if (!check_encoding(source, sources, diagnostics, grammar::ControlCharacters::allowed)) return;
  const auto value = read_json(source, sources, diagnostics);
  if (value && value->changes.empty()) check_places(*value, sources);  // what was mended is not written so
}

void check_settings(const json& value) {
  compiler::JsonSettings settings(value);
  for (const char* key : {"a", "b", "c"}) {
    settings.is_on(key);
    settings.is_null(key);
    settings.integer_or(key, 0);
    settings.real_or(key, 0.0);
    settings.flag_or(key, false);
    settings.text_or(key, "");
    settings.texts_or_none(key);
    settings.integers_or_none(key);
    settings.object_or_null(key);
    compiler::string_member(value, key);
    compiler::to_int32(compiler::member(value, key));
    compiler::whole_number(compiler::member(value, key), -5, INT64_MAX);
  }
}

}  // namespace

void run(std::string_view input) {
  for (std::size_t begin = 0; begin < input.size();) {
    const std::size_t end = std::min(input.find('\n', begin), input.size());
    check_line(input.substr(begin, end - begin));
    begin = end + 1;
  }
  check_prompt(input);
  check_places(input);
  const auto value = compiler::parse_json(input);
  if (!value) return;
  const auto again = compiler::parse_json(value->dump(-1, ' ', false, json::error_handler_t::replace));
  PML_CHECK(again && *again == *value, "JSON that is written down reads as the same");
  check_settings(*value);
  static const compiler::Tokenizer tokenizer = test::byte_tokenizer();
  if (const auto tags = compiler::read_template_tags(input, &tokenizer)) doubts_about(*tags, tokenizer);
  if (!value->is_object()) return;
  compiler::read_hugging_face_config(*value);
  if (const auto data = compiler::read_tokenizer_json(*value)) compiler::Tokenizer::build(*data);
}

}  // namespace pml::fuzz
