#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "compiler/chat_template.h"
#include "compiler/chat_template_tags.h"
#include "support/byte_tokenizer.h"

namespace pml::compiler {
namespace {

using nlohmann::json;

// The conversations of tests/oracle/chat_template_goldens.py.
struct Turn {
  ast::Role role;
  const char* text;
};
const Turn kSystem{ast::Role::system, "Answer in one sentence."};
const Turn kUser{ast::Role::user, "What is PML?\nAnd why?"};
const Turn kAnswer{ast::Role::assistant, "A markup language."};
const Turn kMore{ast::Role::user, "Thanks. {{ braces }} & <tags>"};
const std::map<std::string, std::vector<Turn>> kConversations = {
    {"system_user", {kSystem, kUser}},
    {"user", {kUser}},
    {"turns", {kSystem, kUser, kAnswer, kMore}},
    {"turns_without_system", {kUser, kAnswer, kMore}},
    {"closed", {kSystem, kUser}},
};

std::string tagged(const ChatTemplate& chat_template, const std::vector<Turn>& turns, bool is_closed) {
  std::string text;
  for (const Turn& turn : turns) {
    text += plain(chat_template.opening(turn.role)) + turn.text + plain(chat_template.closing(turn.role));
  }
  return is_closed ? text : text + plain(chat_template.generation());
}

TEST_CASE("chat template: our tags are what Jinja makes of the models' own templates", "[chat_template]") {
  // A template may add a system text of its own, before the turns or before the author's: these do.
  const std::set<std::string> add_a_system_text = {
      "HuggingFaceTB-SmolLM3-3B",
      "MiMo-VL",
      "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use",
      "NousResearch-Hermes-3-Llama-3.1-8B-tool_use",
      "Qwen-Qwen2.5-7B-Instruct",
      "meetkai-functionary-medium-v3.1",
      "meta-llama-Llama-3.1-8B-Instruct",
      "meta-llama-Llama-3.2-3B-Instruct",
      "meta-llama-Llama-3.3-70B-Instruct",
  };
  std::set<std::string> recognized;
  for (const auto& entry : std::filesystem::directory_iterator(PML_TEST_GOLDEN "/chat_template")) {
    std::ifstream file(entry.path());
    const json golden = json::parse(file);
    std::string marks;  // all that a template is told from
    for (const auto& mark : golden["marks"]) marks += mark.get<std::string>() + "\n";
    const auto chat_template = ChatTemplate::recognize(marks);
    if (!chat_template) continue;
    const std::string name = entry.path().stem().string();
    recognized.insert(name);
    for (const auto& [conversation, turns] : kConversations) {
      const json& rendering = golden["renderings"][conversation];
      if (rendering.is_null()) continue;  // the template refuses it, or Jinja2 the template
      CAPTURE(name, conversation);
      const auto want = rendering.get<std::string>();
      std::string got = tagged(*chat_template, turns, conversation == "closed");
      if (!add_a_system_text.contains(name)) {
        CHECK(got == want);
        continue;
      }
      if (turns.front().role == ast::Role::system) {  // theirs may stand in the same turn, before the author's
        const std::string opening = plain(chat_template->opening(ast::Role::system));
        CHECK(want.starts_with(opening));
        got.erase(0, opening.size());
      }
      if (name == "HuggingFaceTB-SmolLM3-3B") got.erase(0, std::string(kSystem.text).size());  // trims and adds
      CHECK_THAT(want, Catch::EndsWith(got));
    }
  }
  const std::set<std::string> want = {
      "HuggingFaceTB-SmolLM3-3B",
      "LFM2-8B-A1B",
      "LFM2.5-8B-A1B",
      "LFM2.5-Instruct",
      "MiMo-VL",
      "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use",
      "NousResearch-Hermes-3-Llama-3.1-8B-tool_use",
      "Qwen-Qwen2.5-7B-Instruct",
      "Qwen-Qwen3-0.6B",
      "Qwen3-Coder",
      "fireworks-ai-llama-3-firefunction-v2",
      "meetkai-functionary-medium-v3.1",
      "meta-llama-Llama-3.1-8B-Instruct",
      "meta-llama-Llama-3.2-3B-Instruct",
      "meta-llama-Llama-3.3-70B-Instruct",
  };
  CHECK(recognized == want);
}

TEST_CASE("chat template: marks of a family, and what contradicts them", "[chat_template]") {
  const std::string chatml = "'<|im_start|>' + role + '\\n' + content + '<|im_end|>' + '\\n'";
  const std::string llama3 = "'<|start_header_id|>' + role + '<|end_header_id|>\\n\\n' + content + '<|eot_id|>'";
  CHECK(ChatTemplate::recognize(chatml));
  CHECK(ChatTemplate::recognize(llama3));
  CHECK(ChatTemplate::recognize("<|begin_of_text|>" + llama3));
  CHECK(ChatTemplate::recognize(chatml + "<|vision_start|><|image_pad|><|endoftext|><tool_call>"));
  CHECK(ChatTemplate::recognize(chatml + R"({{ '<think>\n' + thought }})"));  // of past turns
  CHECK(!ChatTemplate::recognize(""));
  CHECK(!ChatTemplate::recognize("'<|im_start|>' + role"));
  for (const std::string contradiction :
       {"[INST]", "<start_of_turn>", "<|end|>", "<|im_sep|>", "<|im_middle|>", "<|user|>", "<\uff5cUser\uff5c>",
        "<<SYS>>", R"('<|im_start|>assistant\n<think>\n')", R"({{- '<think>\n' }})", "{{\"<think>\"}}"}) {
    CAPTURE(contradiction);
    CHECK(!ChatTemplate::recognize(chatml + contradiction));
    CHECK(!ChatTemplate::recognize(llama3 + contradiction));
  }
  CHECK(!ChatTemplate::recognize(chatml + llama3));
}

TEST_CASE("chat template: families by name", "[chat_template]") {
  CHECK(template_family("chatml") == TemplateFamily::chatml);
  CHECK(template_family("qwen") == TemplateFamily::chatml);
  CHECK(template_family("llama3") == TemplateFamily::llama3);
  CHECK(template_family("") == std::nullopt);
  CHECK(template_family("llama2") == std::nullopt);
  CHECK(ChatTemplate(TemplateFamily::llama3).end_tokens() ==
        std::vector<std::string>{"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"});
}

// --- tags that the user states

json stated_tags() {
  return {{"system", {{"open", "<bos>[S]"}, {"close", "[/S]"}}},
          {"user", {{"open", "<|im_start|>u\n"}, {"close", "<|im_end|><|im_end|>"}}},
          {"assistant", {{"open", "<|im_start|>a<|im_sta"}, {"close", ""}}},
          {"end", {"<|im_end|>"}}};
}

TEST_CASE("chat template tags: special tokens are found by their text", "[chat_template]") {
  const Tokenizer tokenizer = test::byte_tokenizer();
  const auto marks = [](const MarkedText& text) {
    std::string result;
    for (const TextPiece& piece : text)
      result += (piece.is_special ? "{" : "") + piece.text + (piece.is_special ? "}" : "|");
    return result;
  };
  const auto stated = read_template_tags(stated_tags().dump(), &tokenizer);
  REQUIRE(stated);
  CHECK(marks(stated->opening(ast::Role::system)) == "{<bos>}[S]|");
  CHECK(marks(stated->closing(ast::Role::system)) == "[/S]|");
  CHECK(marks(stated->opening(ast::Role::user)) == "{<|im_start|>}u\n|");
  CHECK(marks(stated->closing(ast::Role::user)) == "{<|im_end|>}{<|im_end|>}");
  CHECK(marks(stated->opening(ast::Role::assistant)) == "{<|im_start|>}a<|im_sta|");
  CHECK(marks(stated->generation()) == "{<|im_start|>}a<|im_sta|");
  CHECK(stated->closing(ast::Role::assistant).empty());
  CHECK(stated->end_tokens() == std::vector<std::string>{"<|im_end|>"});

  json thinking = stated_tags();
  thinking["generation"] = "<|im_start|>a\n<think>\n";
  CHECK(marks(read_template_tags(thinking.dump(), &tokenizer)->generation()) == "{<|im_start|>}a\n<think>\n|");
  CHECK(marks(read_template_tags(stated_tags().dump(), nullptr)->opening(ast::Role::system)) == "<bos>[S]|");
}

TEST_CASE("chat template tags: what may be a mistake is a warning", "[chat_template]") {
  struct Case {
    const char* what;
    std::vector<std::string> doubts;
    std::function<void(json&)> change;
  };
  const std::string no_end = "'close' of 'assistant' holds no token that ends an answer";
  const auto role = [](const char* name, const char* key, const char* text) {
    return [=](json& t) { t[name][key] = text; };
  };
  const Case cases[] = {
      {"special tokens, and plain text", {}, [](json&) {}},
      {"letters that changed places",
       {"'<|im_strat|>' in 'open' of 'user' is no special token of the model, so it is read as plain text; did you "
        "mean "
        "`<|im_start|>`?"},
       role("user", "open", "<|im_strat|>user\n")},
      {"each once",
       {"'<|im_strat|>' in 'open' of 'system'"},
       [](json& t) { t["system"]["open"] = t["user"]["open"] = t["assistant"]["open"] = "<|im_strat|>"; }},
      {"one like no other", {"'<|user|>' in 'open' of 'user'"}, role("user", "open", "<|user|>")},
      {"without its end",
       {"'<|im_end' in 'close' of 'user' is no special token of the model, so it is read as plain text; did you mean "
        "`<|im_end|>`?"},
       role("user", "close", "<|im_end\n")},
      {"without its bars", {"'<im_end>' in 'close' of 'user'"}, role("user", "close", "text<im_end>")},
      {"brackets in plain text", {}, role("user", "open", "[INST] a < b > c <USER> [")},
      {"Alpaca", {}, role("user", "open", "### Instruction:\n")},
      {"the answer's end, though it is no tag's", {no_end}, [](json& t) { t["assistant"]["close"] = "<bos>"; }},
      {"a tag that ends the answer by being named",
       {},
       [](json& t) {
         t["assistant"]["close"] = "<bos>";
         t["end"] = {"<bos>"};
       }},
      {"no end at all", {no_end}, [](json& t) { t.erase("end"); }},
      {"the model's own end",
       {},
       [](json& t) {
         t.erase("end");
         t["assistant"]["close"] = "<|im_end|>";
       }},
      {"what an answer follows", {"'<|im_stard|>' in 'generation'"}, [](json& t) { t["generation"] = "<|im_stard|>"; }},
  };
  TokenizerData data = test::byte_tokenizer_data();
  data.end_tokens = {257};
  const auto tokenizer = Tokenizer::build(data);
  REQUIRE(tokenizer);
  for (const Case& test : cases) {
    CAPTURE(test.what);
    json tags = stated_tags();
    tags["assistant"]["open"] = "<|im_start|>a\n";
    test.change(tags);
    const auto stated = read_template_tags(tags.dump(), &*tokenizer);
    REQUIRE(stated);
    const auto doubts = doubts_about(*stated, *tokenizer);
    CAPTURE(doubts);
    REQUIRE(doubts.size() == test.doubts.size());
    for (std::size_t i = 0; i < doubts.size(); ++i) CHECK_THAT(doubts[i], Catch::StartsWith(test.doubts[i]));
  }
}

TEST_CASE("chat template: of a format whose tokens the model lacks, roles have no meaning", "[chat_template]") {
  const Tokenizer tokenizer = test::byte_tokenizer();
  CHECK(TextEncoder(tokenizer, ChatTemplate(TemplateFamily::chatml)).chat_template());
  const TextEncoder other(tokenizer, ChatTemplate(TemplateFamily::llama3));
  REQUIRE(!other.chat_template());
  CHECK(other.chat_template().error().message ==
        "the chat template uses `<|start_header_id|>`, which is no special token of the model");
}

TEST_CASE("chat template tags: mistakes are named", "[chat_template]") {
  struct Case {
    const char* message;
    void (*change)(json&);
  };
  const Case cases[] = {
      {"the file is no object", [](json& t) { t = 3; }},
      {"'system' is no object", [](json& t) { t.erase("system"); }},
      {"'user' is no object", [](json& t) { t["user"] = "x"; }},
      {"'user' has no text 'close'", [](json& t) { t["user"].erase("close"); }},
      {"'user' has no text 'open'", [](json& t) { t["user"]["open"] = 1; }},
      {"'user' has an unknown key 'opne'", [](json& t) { t["user"]["opne"] = ""; }},
      {"the file has an unknown key 'tool'", [](json& t) { t["tool"] = 1; }},
      {"'end' is no array", [](json& t) { t["end"] = "<|im_end|>"; }},
      {"'end' holds something that is no text", [](json& t) { t["end"] = {1}; }},
      {"'end' names 'stop', which is no special token", [](json& t) { t["end"] = {"stop"}; }},
      {"'generation' is no text", [](json& t) { t["generation"] = 1; }},
  };
  const Tokenizer tokenizer = test::byte_tokenizer();
  for (const Case& test : cases) {
    CAPTURE(test.message);
    json tags = stated_tags();
    test.change(tags);
    const auto stated = read_template_tags(tags.dump(), &tokenizer);
    REQUIRE(!stated);
    CHECK_THAT(stated.error().message, Catch::Contains(test.message));
  }
  CHECK_THAT(read_template_tags("{", &tokenizer).error().message, Catch::Contains("is not JSON"));
}

}  // namespace
}  // namespace pml::compiler
