#include "compiler/tokenizer_json.h"

#include <nlohmann/json.hpp>

#include "compiler/json_text.h"
#include "compiler/mapped_file.h"

namespace pml::compiler {
namespace {

Result<nlohmann::json> read_json(const std::filesystem::path& path) {
  return MappedFile::open(path).and_then([](const MappedFile& file) {
    return parse_json_object({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
  });
}

}  // namespace

Result<TokenizerFiles> read_tokenizer_folder(const std::filesystem::path& folder) {
  const auto json = read_json(folder / "tokenizer.json");
  if (!json) return fail("tokenizer.json: " + json.error().message);
  TokenizerFiles files;
  files.data.model = "gpt2";
  files.data.pre_tokenizer = "gpt-2";
  try {
    const auto& model = json->at("model");
    if (model.at("type") != "BPE") return fail("tokenizer.json: the model is no BPE");
    const auto place = [&](const std::string& token, std::int64_t id, std::int32_t type) {
      if (id < 0 || id >= 1 << 20) return false;
      const auto index = static_cast<std::size_t>(id);
      if (index >= files.data.tokens.size()) {
        files.data.tokens.resize(index + 1);
        files.data.types.resize(index + 1, 5);
      }
      files.data.tokens[index] = token;
      files.data.types[index] = type;
      return true;
    };
    for (const auto& [token, id] : model.at("vocab").items()) {
      if (!place(token, id.get<std::int64_t>(), 1)) return fail("tokenizer.json: a token's ID is impossible");
    }
    for (const auto& token : json->at("added_tokens")) {
      if (!place(token.at("content"), token.at("id"), 3)) return fail("tokenizer.json: a token's ID is impossible");
    }
    for (const auto& merge : model.at("merges")) {
      files.data.merges.push_back(
          merge.is_string() ? merge.get<std::string>()
                            : merge.at(0).get<std::string>() + " " + merge.at(1).get<std::string>());
    }
    if (const auto config = read_json(folder / "tokenizer_config.json")) {
      files.chat_template = config->value("chat_template", "");
    }
    if (const auto file = MappedFile::open(folder / "chat_template.jinja")) {
      files.chat_template.assign(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    }
  } catch (const nlohmann::json::exception&) {
    return fail("tokenizer.json: is incomplete");
  }
  return files;
}

}  // namespace pml::compiler
