// The documents and the model of one command, taken through the phases as far as the command needs.
//
//     Source -> ast::Schema -> Layout -> Contexts        ast::Prompt -> Selection -> Plan
//
// Nothing here needs LibTorch. Diagnostics and failures are reported where they are found; a command then only
// returns the exit code.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/messages.h"
#include "cli/options.h"
#include "compiler/plan.h"
#include "compiler/recipe.h"
#include "compiler/references.h"
#include "compiler/repair.h"
#include "compiler/selection.h"
#include "grammar/ast.h"
#include "grammar/diagnostics.h"
#include "grammar/json_places.h"
#include "grammar/json_prompt.h"
#include "runtime/store/manifest.h"
#include "runtime/store/store.h"

namespace pml::cli {

/// `keep`: the folder is made if it is not there, and written to where that is possible; `look`: nothing is changed.
enum class StoreUse { keep, look };

/// Ends a command early.
struct Stop {
  int exit_code;
};

/// A prompt as the command line or a line of a batch gives it.
struct PromptText {
  std::string name;              // for diagnostics: a path, or where the text came from
  std::filesystem::path folder;  // that a path in its `schema` is meant from
  std::optional<std::string> xml;
  std::optional<std::string> expression;     // in its place
  std::optional<std::string> json;           // in its place
  std::optional<grammar::JsonValue> object;  // in its place, from a line
  std::optional<std::string> user;           // text of a last user turn
  std::string user_name = "--user";          // for diagnostics
  std::optional<std::string> answer;         // how the answer begins: an open turn of the assistant

  // Of a line that Workspace::add_line took up: where it begins, and where the strings stand that texts are from.
  std::optional<grammar::Place> line;
  std::optional<grammar::Place> text_place;  // of `xml`, `expression` or `json`
  std::optional<grammar::Place> user_place;
  std::optional<grammar::Place> answer_place;

  /// Takes the text of a document or of JSON, as it begins.
  void set_document(std::string content) { (grammar::looks_like_json(content) ? json : xml) = std::move(content); }
};

/// Holds on to everything that later phases point into; does not move.
class Workspace {
 public:
  explicit Workspace(const Options& options) : options_(options), diagnostics_(options.ignored) {}
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Each of these throws Stop after it has said what is wrong. They are called in this order.

  void open_model();     // if one is named; takes in the chat format that the command line names
  void require_model();  // says so if none is named, then opens it
  void open_store(StoreUse use = StoreUse::keep);
  void require_store();  // looks at the store; says so if there is none in its folder
  void read_schema();
  void name_manifest();   // needs open_model, open_store, read_schema
  void read_manifest();   // of an earlier compile, if there is one, so that its choices hold
  void lay_out();         // needs read_schema, open_model
  void require_prompt();  // says so if neither a file nor --user is given
  void read_prompt();     // the file, or the text of --user
  void make_plan();       // needs lay_out, read_prompt
  /// Takes up a line of a file of JSON objects (needs lay_out) that a prompt comes from. The line and the prompt's
  /// texts are kept until the next one.
  grammar::SourceId add_line(std::string file, std::string text, std::uint32_t number);
  /// A further prompt (needs lay_out), as plan() takes it.
  std::optional<compiler::Selection> select(PromptText text, grammar::Diagnostics& diagnostics);
  /// Plans a further prompt (needs lay_out). Nothing if it has mistakes, which `diagnostics` then holds. Its text is
  /// kept, and places in it are valid, until the next call.
  std::optional<compiler::Plan> plan(PromptText text, grammar::Diagnostics& diagnostics);
  /// Lets messages show mistakes of the last prompt in the line that it came from, if it did.
  void show_in_line();
  void make_recipe();
  /// Recipe::weights.
  std::string choose_weights() const;  // needs name_manifest

  const ast::Schema& schema() const { return *schema_; }
  const ast::Prompt& prompt() const { return *prompt_; }
  const compiler::ModelFile& model() const { return *model_; }
  bool has_model() const { return model_.has_value(); }
  const compiler::TextEncoder& text_encoder() const { return text_encoder_; }
  const compiler::Layout& layout() const { return layout_; }
  const compiler::Contexts& contexts() const { return contexts_; }
  const compiler::Standins& standins() const { return standins_; }
  const std::vector<compiler::Scaffold>& scaffolds() const { return references_->scaffolds; }
  const compiler::Ranking& ranking() const { return ranking_; }
  /// Other stand-ins than those that were compiled last; the contexts follow.
  void set_standins(compiler::Standins standins);
  /// Contexts of another kind than the command's own.
  compiler::Contexts declare_contexts(ast::ContextKind otherwise) const;
  compiler::Slot max_positions() const { return model_ ? model_->config().max_positions : 0; }
  const compiler::Plan& plan() const { return plan_; }
  const compiler::Selection& selection() const { return selection_; }  // that the plan was made of
  const compiler::Recipe& recipe() const { return recipe_; }
  const runtime::Store& store() const { return *store_; }
  const grammar::SourceSet& sources() const { return sources_; }
  const grammar::Diagnostics& diagnostics() const { return diagnostics_; }
  std::string manifest_name() const { return manifest_name_; }
  /// What a compile of the schema with this recipe gives. Needs lay_out, make_recipe.
  runtime::Manifest make_manifest() const;
  /// Of the schema's file, absolute.
  std::string schema_path() const;
  /// The kind of context for elements whose documents do not say: the flag's, else that of the last compile.
  ast::ContextKind context_kind() const;
  /// The flag's, else the schema's, else the default.
  grammar::RepairPolicy repair_policy() const;
  /// End tokens that the tokenizer and the chat template name.
  std::vector<compiler::TokenId> end_tokens() const;

  /// Prints what has been found so far; throws Stop if there is an error.
  void stop_on_errors();
  /// Says why the machine cannot go on, and throws Stop.
  [[noreturn]] void fail(const std::string& message) const { stop(message, kMachineFailed); }
  /// Says what is wrong with the command line, and throws Stop.
  [[noreturn]] void misuse(const std::string& message) const { stop(message, kBadCommandLine); }
  [[noreturn]] void stop(const std::string& message, int exit_code) const;

 private:
  void print_diagnostics();
  /// After mistakes of the schema, on which those in a prompt's markup do not depend.
  void read_prompt_beside_mistakes();
  /// The format that the command line names, else the model's own.
  Result<compiler::ChatTemplate> choose_template() const;
  grammar::SourceId read_source(const std::string& path);
  std::string read_text(const std::string& path);
  std::optional<ast::Prompt> parse(PromptText text, grammar::Diagnostics& diagnostics);
  std::optional<compiler::Selection> select(const ast::Prompt& prompt, const std::filesystem::path& folder,
                                            grammar::Diagnostics& diagnostics);
  std::optional<compiler::Plan> plan(const compiler::Selection& selection, grammar::Diagnostics& diagnostics);

  const Options& options_;
  grammar::SourceSet sources_;
  grammar::Diagnostics diagnostics_;
  std::size_t num_reported_ = 0;
  std::vector<std::pair<grammar::SourceId, grammar::Place>> in_line_;  // texts of the last prompt, and their strings
  std::size_t num_schema_sources_ = 0;  // those that stay when further prompts come and go
  std::optional<ast::Schema> schema_;
  std::optional<ast::Prompt> prompt_;
  std::optional<compiler::ModelFile> model_;
  std::optional<compiler::Tokenizer> tokenizer_;
  compiler::TextEncoder text_encoder_;
  compiler::Layout layout_;
  std::optional<compiler::References> references_;
  compiler::Standins standins_;
  compiler::Contexts contexts_;
  compiler::Ranking ranking_;  // by node of the contexts; empty: nothing was measured
  compiler::Selection selection_;
  compiler::Plan plan_;
  compiler::Recipe recipe_;
  std::string fingerprint_;  // of the model
  std::string manifest_name_;
  std::optional<runtime::Manifest> manifest_;
  std::optional<runtime::Store> store_;
};

/// How people read a module's path; that of the schema's own text is empty.
std::string module_name(const std::string& path);

}  // namespace pml::cli
