#include "cli/workspace.h"

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/json_output.h"
#include "compiler/characters.h"
#include "compiler/chat_template_tags.h"
#include "compiler/lint.h"
#include "compiler/repair.h"
#include "compiler/standins.h"
#include "grammar/expression.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "grammar/xml.h"
#include "runtime/compute_type.h"
#include "runtime/store/fingerprint.h"
#include "runtime/store/stored_manifests.h"

namespace pml::cli {

namespace fs = std::filesystem;

std::string module_name(const std::string& path) { return path.empty() ? "(schema)" : path; }

void Workspace::stop(const std::string& message, int exit_code) const {
  say(message);
  if (options_.json) print_error(message);
  throw Stop{exit_code};
}

void Workspace::print_diagnostics() {
  const std::string text = render(diagnostics_, sources_, num_reported_);
  num_reported_ = diagnostics_.list().size();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Workspace::stop_on_errors() {
  print_diagnostics();
  if (!diagnostics_.has_errors()) return;
  if (options_.json) print({{"ok", false}, {"diagnostics", to_json(diagnostics_, sources_)}});
  throw Stop{kBadInput};
}

std::string Workspace::read_text(const std::string& path) {
  auto text = grammar::read_text_file(path, grammar::ReadLimits{}.document_bytes);
  if (!text) fail(path + " " + text.error().message);
  return std::move(*text);
}

grammar::SourceId Workspace::read_source(const std::string& path) { return sources_.add(path, read_text(path)); }

Result<compiler::ChatTemplate> Workspace::choose_template() const {
  if (!options_.template_tags.empty()) {
    constexpr std::uint64_t kMaxBytes = 64 << 10;
    const auto text = grammar::read_file(options_.template_tags, kMaxBytes);
    if (!text) fail(options_.template_tags + " " + text.error().message);
    auto chat_template = compiler::read_template_tags(*text, tokenizer_ ? &*tokenizer_ : nullptr);
    if (!chat_template) stop(options_.template_tags + ": " + chat_template.error().message, kBadInput);
    if (tokenizer_) {
      for (const std::string& doubt : doubts_about(*chat_template, *tokenizer_)) {
        warn(options_.template_tags + ": " + doubt);
      }
    }
    return std::move(*chat_template);
  }
  if (const auto family = compiler::template_family(options_.chat_template)) return compiler::ChatTemplate(*family);
  auto own = model_ ? compiler::ChatTemplate::recognize(model_->chat_template()) : std::nullopt;
  if (!own) return pml::fail("the model has no chat template that is known");
  return std::move(*own);
}

void Workspace::open_model() {
  if (options_.model.empty()) {
    if (auto chat_template = choose_template()) text_encoder_ = compiler::TextEncoder(std::move(*chat_template));
    return;
  }
  auto model = compiler::ModelFile::open(options_.model);
  if (!model) fail(model.error().message);
  model_.emplace(std::move(*model));
  auto tokenizer = compiler::Tokenizer::build(model_->tokenizer());
  if (!tokenizer) fail(options_.model + ": " + tokenizer.error().message);
  tokenizer_.emplace(std::move(*tokenizer));
  text_encoder_ = compiler::TextEncoder(*tokenizer_, choose_template());
}

void Workspace::require_model() {
  if (options_.model.empty()) {
    misuse("no model is named; give a GGUF file or a Hugging Face folder with -m, or in the variable PML_MODEL");
  }
  open_model();
}

void Workspace::open_store(StoreUse use) {
  const fs::path folder = options_.store.empty() ? runtime::Store::default_folder() : fs::path(options_.store);
  auto store =
      use == StoreUse::keep ? runtime::Store::open(folder, warn) : runtime::Store::open_for_reading(folder, warn);
  if (!store) fail(store.error().message);
  store_.emplace(std::move(*store));
}

void Workspace::require_store() {
  open_store(StoreUse::look);
  if (!store_->is_store()) fail("there is no store in " + store_->folder().string());
}

void Workspace::read_schema() {
  const grammar::SourceId source = read_source(options_.schema);
  grammar::SchemaOptions schema_options;
  schema_options.folder = fs::path(options_.schema).parent_path();
  for (const std::string& folder : options_.allowed) schema_options.allowed.emplace_back(folder);
  schema_ = grammar::parse_schema(source, sources_, schema_options, diagnostics_);
  if (schema_) return;
  read_prompt_beside_mistakes();
  stop_on_errors();
}

void Workspace::lay_out() {
  check_characters(*schema_, text_encoder_, sources_, diagnostics_);
  layout_ = compiler::lay_out(*schema_, text_encoder_, max_positions(), diagnostics_);
  references_.emplace(*schema_, layout_, max_positions(), sources_, diagnostics_);
  if (diagnostics_.has_errors()) read_prompt_beside_mistakes();
  stop_on_errors();
  num_schema_sources_ = sources_.size();
  set_standins(recall_standins(layout_, manifest_ ? manifest_->standins : std::vector<compiler::StandinChoice>()));
}

void Workspace::set_standins(compiler::Standins standins) {
  standins_ = std::move(standins);
  contexts_ = declare_contexts(context_kind());
  if (contexts_.is_cut) {
    stop(options_.schema +
             ": its scaffolds and rules make too many contexts: for each scaffold, and each module whose `requires` "
             "changes what stands before it, all that stands between or behind is encoded anew",
         kBadInput);
  }
  const bool is_ranked = manifest_ && manifest_->nodes.size() == contexts_.nodes.size();
  ranking_ = is_ranked ? ranking_of(*manifest_) : compiler::Ranking();
}

compiler::Contexts Workspace::declare_contexts(ast::ContextKind otherwise) const {
  return compiler::declare_contexts(layout_, otherwise, standins_, references_->scaffolds);
}

void Workspace::require_prompt() {
  if (options_.has_prompt()) return;
  misuse("there is no prompt; give one with --prompt FILE, --select EXPR or --user TEXT");
}

void Workspace::read_prompt() {
  PromptText text;
  text.name = "(command line)";
  if (!options_.prompt.empty()) {
    text.name = options_.prompt;
    text.folder = fs::path(options_.prompt).parent_path();
    text.set_document(read_text(options_.prompt));
  }
  if (options_.has_select) {
    text.name = "--select";
    text.expression = options_.select;
  }
  if (options_.has_user) text.user = options_.user;
  prompt_ = parse(std::move(text), diagnostics_);
  if (!prompt_) stop_on_errors();
}

void Workspace::read_prompt_beside_mistakes() {
  print_diagnostics();  // the prompt may be no file
  if (options_.has_prompt()) read_prompt();
}

std::optional<ast::Prompt> Workspace::parse(PromptText text, grammar::Diagnostics& diagnostics) {
  in_line_.clear();
  const auto add = [&](const std::string& name, std::string content, const std::optional<grammar::Place>& string) {
    const grammar::SourceId source = sources_.add(name, std::move(content));
    if (string) in_line_.emplace_back(source, *string);
    return source;
  };
  std::optional<ast::Prompt> prompt;
  if (text.xml) {
    prompt = grammar::parse_prompt(add(text.name, std::move(*text.xml), text.text_place), sources_, diagnostics);
  } else if (text.expression) {
    prompt = parse_selection(add(text.name, std::move(*text.expression), text.text_place), sources_, diagnostics);
  } else if (text.object) {
    prompt = grammar::read_json_prompt(std::move(*text.object), sources_, diagnostics);
  } else if (text.json) {
    prompt = parse_json_prompt(add(text.name, std::move(*text.json), text.text_place), sources_, diagnostics);
  } else {
    prompt.emplace();
    prompt->form = ast::PromptForm::expression;
    prompt->place = text.line ? *text.line : grammar::Place{sources_.add(text.name, ""), 0, 0};
  }
  const auto add_turn = [&](ast::Role role, grammar::SourceId source) {
    ast::PromptTurn turn;
    turn.role = role;
    // What is no text is an empty turn: the rest of the prompt may have mistakes of its own.
    const bool is_text = check_encoding(source, sources_, diagnostics, grammar::ControlCharacters::allowed);
    if (is_text) turn.text = sources_[source].text();
    turn.place = turn.text_place = {source, 0, static_cast<std::uint32_t>(turn.text.size())};
    turn.is_open = role == ast::Role::assistant;
    if (prompt) prompt->children.push_back({std::move(turn)});
  };
  if (text.user) add_turn(ast::Role::user, add(text.user_name, std::move(*text.user), text.user_place));
  if (text.answer) add_turn(ast::Role::assistant, add(text.name, std::move(*text.answer), text.answer_place));
  return prompt;
}

grammar::SourceId Workspace::add_line(std::string file, std::string text, std::uint32_t number) {
  sources_.shrink(num_schema_sources_);
  return sources_.add_line(std::move(file), std::move(text), number);
}

void Workspace::show_in_line() {
  for (const auto& [source, string] : in_line_) {
    sources_.embed(source, string.source, offsets_of_json_string(string, sources_));
  }
  in_line_.clear();
}

void Workspace::make_plan() {
  auto selection = select(*prompt_, fs::path(options_.prompt).parent_path(), diagnostics_);
  stop_on_errors();
  selection_ = std::move(*selection);
  auto plan = this->plan(selection_, diagnostics_);
  stop_on_errors();
  plan_ = std::move(*plan);
}

std::optional<compiler::Selection> Workspace::select(PromptText text, grammar::Diagnostics& diagnostics) {
  if (!text.line) sources_.shrink(num_schema_sources_);
  const fs::path folder = text.folder;
  const auto prompt = parse(std::move(text), diagnostics);
  return prompt ? select(*prompt, folder, diagnostics) : std::nullopt;
}

std::optional<compiler::Plan> Workspace::plan(PromptText text, grammar::Diagnostics& diagnostics) {
  const auto selection = select(std::move(text), diagnostics);
  return selection ? plan(*selection, diagnostics) : std::nullopt;
}

std::optional<compiler::Selection> Workspace::select(const ast::Prompt& prompt, const fs::path& folder,
                                                     grammar::Diagnostics& diagnostics) {
  std::vector<std::string> names{schema_->name, options_.schema, fs::path(options_.schema).filename().string()};
  // A path in a prompt is meant from the prompt's folder.
  std::error_code error;
  const bool is_same = !prompt.schema.empty() && fs::equivalent(folder / prompt.schema, options_.schema, error);
  if (is_same) names.push_back(prompt.schema);
  check_characters(prompt, text_encoder_, sources_, diagnostics);
  compiler::Selection selection = resolve(prompt, layout_, *references_, text_encoder_, names, diagnostics);
  if (!diagnostics.has_errors()) return selection;
  check_lengths(layout_, selection, text_encoder_, diagnostics);
  return std::nullopt;
}

std::optional<compiler::Plan> Workspace::plan(const compiler::Selection& selection, grammar::Diagnostics& diagnostics) {
  auto plan = compiler::make_plan(layout_, contexts_, selection, text_encoder_, max_positions(), diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  compiler::lint(selection, layout_, text_encoder_, diagnostics);
  const grammar::RepairPolicy policy = repair_policy();
  if (policy.kind == grammar::RepairPolicy::Kind::exact) plan = serve_exactly(std::move(plan), layout_, contexts_);
  return repair(std::move(plan), layout_, policy, ranking_);
}

grammar::RepairPolicy Workspace::repair_policy() const {
  if (options_.repair) return *options_.repair;
  return schema_->repair.value_or(compiler::kDefaultRepair);
}

void Workspace::name_manifest() {
  fingerprint_ = runtime::model_fingerprint(*model_, &*store_);
  manifest_name_ = runtime::manifest_name(*schema_, fingerprint_);
}

void Workspace::read_manifest() {
  name_manifest();
  auto stored = runtime::read_manifest(*store_, manifest_name_);
  if (!stored) return warn(stored.error().message + "; the schema is taken as one that was not compiled");
  if (*stored) manifest_ = std::move((*stored)->manifest);
}

runtime::Manifest Workspace::make_manifest() const {
  return runtime::make_manifest(layout_, contexts_, context_kind(), standins_,
                                chain_digests(layout_, contexts_, recipe_), recipe_, schema_path());
}

std::string Workspace::schema_path() const {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(options_.schema, error);
  return error ? options_.schema : path.string();
}

ast::ContextKind Workspace::context_kind() const {
  const std::string& kind = !options_.context.empty() || !manifest_ ? options_.context : manifest_->context;
  return ast::context_kind(kind).value_or(compiler::kDefaultContext);
}

void Workspace::make_recipe() {
  std::string kv_type = options_.kv_type;
  if (kv_type.empty()) kv_type = manifest_ ? manifest_->kv_type : "f16";
  recipe_ = compiler::make_recipe(*model_, fingerprint_, kv_type, choose_weights());
}

std::string Workspace::choose_weights() const {
  if (options_.compute != "auto") {
    if (options_.weights != "auto" && options_.weights != options_.compute) {
      stop("--compute " + options_.compute + " needs weights of the same type, not --weights " + options_.weights,
           kBadCommandLine);
    }
    return options_.compute;
  }
  if (options_.weights != "auto") return options_.weights;
  if (manifest_) return manifest_->weights;
  // A file of blocks is computed from its blocks: they are what the model is, and the least to read.
  const auto& tensors = model_->tensors();
  if (std::any_of(tensors.begin(), tensors.end(), [](const compiler::TensorInfo& tensor) {
        return tensor.shape.size() == 2 && compiler::block_size(tensor.type).elements > 1;
      })) {
    return "stored";
  }
  return runtime::has_bf16_instructions() ? "bf16" : "f32";
}

std::vector<compiler::TokenId> Workspace::end_tokens() const {
  std::vector<compiler::TokenId> tokens = tokenizer_->end_tokens();
  if (const auto& chat_template = text_encoder_.chat_template()) {
    for (const std::string& name : chat_template->end_tokens()) {
      if (const auto token = tokenizer_->special_token(name)) tokens.push_back(*token);
    }
  }
  return tokens;
}

}  // namespace pml::cli
