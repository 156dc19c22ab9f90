#include "cli/batch_line.h"

#include <random>
#include <set>

#include "cli/line_input.h"
#include "compiler/json_file.h"
#include "grammar/display.h"
#include "grammar/json_prompt.h"

namespace pml::cli {
namespace {

using runtime::OptionRange;

/// The fields of one line by name.
class Fields {
 public:
  explicit Fields(const Json& fields) : fields_(fields) {}

  void check_names() const {
    static const std::set<std::string> kKnown{"id",          "prompt", "file",  "select", "user", "max_tokens",
                                              "temperature", "top_k",  "top_p", "min_p",  "seed", "stop"};
    if (!fields_.is_object()) throw LineMistake("a line of a batch must be a JSON object");
    for (const auto& [name, value] : fields_.items()) {
      if (kKnown.contains(name)) continue;
      const std::vector<std::string_view> known(kKnown.begin(), kKnown.end());
      throw LineMistake("`" + name + "` is not a field of a batch's line" + grammar::did_you_mean(name, known));
    }
  }

  bool has(const char* name) const { return fields_.contains(name); }

  std::string text(const char* name) const {
    if (!fields_[name].is_string()) throw LineMistake(std::string("`") + name + "` must be a string");
    return fields_[name].get<std::string>();
  }
  /// A document, or an object.
  void read_prompt(PromptText& prompt) const {
    const Json& value = fields_["prompt"];
    if (!value.is_string() && !value.is_object()) throw LineMistake("`prompt` must be a string or an object");
    if (value.is_string()) prompt.xml = value.get<std::string>();
    prompt.is_member = value.is_object();
  }
  void read(const char* name, std::int32_t& number, const OptionRange& range) const {
    if (!has(name)) return;
    const Json& value = fields_[name];
    if (!value.is_number_integer() || !range.contains(value.get<double>())) {
      throw LineMistake(std::string("`") + name + "` must be a whole number " + to_string(range));
    }
    number = value.get<std::int32_t>();
  }
  void read(const char* name, double& number, const OptionRange& range) const {
    if (!has(name)) return;
    const Json& value = fields_[name];
    if (!value.is_number() || !range.contains(value.get<double>())) {
      throw LineMistake(std::string("`") + name + "` must be a number " + to_string(range));
    }
    number = value.get<double>();
  }
  std::uint64_t seed() const {
    if (!fields_["seed"].is_number_unsigned())
      throw LineMistake("`seed` must be a whole number from 0 to 18446744073709551615");
    return fields_["seed"].get<std::uint64_t>();
  }
  std::vector<std::string> stops() const {
    const Json& value = fields_["stop"];
    std::vector<std::string> list;
    for (const Json& entry : value.is_array() ? value : Json::array({value})) {
      if (!entry.is_string()) throw LineMistake("`stop` must be a string, or an array of strings");
      list.push_back(entry.get<std::string>());
      if (list.back().empty()) throw LineMistake("an empty `stop` stands before every answer");
    }
    return list;
  }

 private:
  const Json& fields_;
};

/// Reads the prompt's file into `prompt`.
void read_file(const std::string& name, const std::filesystem::path& folder, PromptText& prompt) {
  if (name.empty()) throw LineMistake("`file` is empty");
  if (name.find('\0') != std::string::npos) throw LineMistake("`file` holds the character U+0000");
  const std::filesystem::path path = folder / name;
  auto xml = grammar::read_file(path, grammar::ReadLimits{}.document_bytes);
  if (!xml) throw std::runtime_error(path.string() + " " + xml.error().message);
  prompt.name = path.string();
  prompt.folder = path.parent_path();
  (grammar::looks_like_json(*xml) ? prompt.json : prompt.xml) = std::move(*xml);
}

}  // namespace

Json parse_batch_line(std::string_view text) {
  if (text.size() > LineInput::kMaxLineBytes) throw LineMistake("the line is longer than 16 MiB");
  if (const std::size_t at = grammar::find_invalid_utf8(text); at != std::string_view::npos) {
    throw LineMistake("the line is not UTF-8: mistake at byte " + std::to_string(at + 1));
  }
  const auto parsed = compiler::parse_json(text);
  if (!parsed) throw LineMistake("the line " + parsed.error().message);
  return Json(*parsed);
}

BatchLine read_batch_line(const Json& json, BatchLine defaults, bool has_seed, const JsonLine& written,
                          const std::filesystem::path& folder) {
  const Fields fields(json);
  fields.check_names();
  BatchLine line = std::move(defaults);
  line.prompt.name = line.prompt.user_name = written.place();
  line.prompt.line = written;
  line.prompt.folder = folder;
  if (fields.has("prompt") + fields.has("file") + fields.has("select") > 1) {
    throw LineMistake("`prompt`, `file` and `select` are alternatives");
  }
  if (fields.has("select")) line.prompt.expression = fields.text("select");
  if (fields.has("prompt")) fields.read_prompt(line.prompt);
  line.prompt_is_file = fields.has("file");
  if (line.prompt_is_file) read_file(fields.text("file"), folder, line.prompt);
  if (fields.has("user")) line.prompt.user = fields.text("user");
  const PromptText& prompt = line.prompt;
  if (!prompt.xml && !prompt.expression && !prompt.json && !prompt.is_member && !prompt.user) {
    throw LineMistake("a line needs `prompt`, `file`, `select` or `user`");
  }

  runtime::GenerationOptions& generation = line.generation_options;
  fields.read("max_tokens", generation.max_tokens, runtime::kMaxTokensRange);
  fields.read("temperature", generation.sampler.temperature, runtime::kTemperatureRange);
  fields.read("top_k", generation.sampler.top_k, runtime::kTopKRange);
  fields.read("top_p", generation.sampler.top_p, runtime::kTopPRange);
  fields.read("min_p", generation.sampler.min_p, runtime::kMinPRange);
  if (fields.has("seed")) {
    generation.sampler.seed = fields.seed();
  } else if (!has_seed && generation.sampler.temperature > 0.0) {
    generation.sampler.seed = std::random_device{}();
  }
  if (fields.has("stop")) line.stops = fields.stops();
  return line;
}

}  // namespace pml::cli
