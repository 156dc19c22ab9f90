// pml verify: what splicing changes in the answers to prompts of a schema, measured.
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <random>

#include "cli/batch_line.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/prompt_log.h"
#include "cli/quantity.h"
#include "cli/suggest_scaffolds.h"
#include "cli/terminal.h"
#include "cli/verification.h"
#include "cli/verify_plot.h"
#include "grammar/display.h"
#include "runtime/fidelity.h"

namespace pml::cli {
namespace {

using runtime::Estimate;

/// Prompts whose time to the first token is measured.
constexpr std::size_t kTimedPrompts = 8;

/// Removes a member from an object; nothing if it has none of that name.
std::optional<grammar::JsonValue> take_member(grammar::JsonValue& object, std::string_view name) {
  std::optional<grammar::JsonValue> taken;
  for (std::size_t i = 0; i < object.keys.size();) {
    if (object.keys[i].text != name) {
      ++i;
      continue;
    }
    if (!taken) taken = std::move(object.values[i]);
    object.keys.erase(object.keys.begin() + static_cast<std::ptrdiff_t>(i));
    object.values.erase(object.values.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return taken;
}

/// What was measured in one setting.
struct Row {
  std::string label;
  std::optional<Setting> setting;  // nothing: a full prefill, without gaps or of the questions
  std::vector<PromptFidelity> prompts;
  std::vector<QuestionFidelity> questions;

  template <class Value>
  Estimate estimate(Value PromptFidelity::*value) const {
    std::vector<double> values;
    for (const PromptFidelity& prompt : prompts) values.push_back(static_cast<double>(prompt.*value));
    return runtime::bootstrap_mean(values);
  }
  double accuracy() const {
    return mean_of_questions([](const QuestionFidelity& question) { return question.is_right ? 1.0 : 0.0; });
  }
  double absent() const {
    return mean_of_questions([](const QuestionFidelity& question) { return question.wrong; });
  }
  std::optional<double> ttft_ms() const {
    std::vector<double> values;
    for (const PromptFidelity& prompt : prompts) {
      if (prompt.ttft_ms) values.push_back(*prompt.ttft_ms);
    }
    if (values.empty()) return std::nullopt;
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
  }
  std::size_t worst() const {
    return static_cast<std::size_t>(std::ranges::max_element(prompts, {}, &PromptFidelity::kl) - prompts.begin());
  }

 private:
  template <class Value>
  double mean_of_questions(Value value) const {
    double sum = 0.0;
    for (const QuestionFidelity& question : questions) sum += value(question);
    return questions.empty() ? 0.0 : sum / static_cast<double>(questions.size());
  }
};

std::string label_of(const Setting& setting) {
  return std::string(to_string(setting.context)) + ", " + to_string(setting.repair);
}

Json to_json(const Estimate& estimate) {
  return {{"mean", estimate.mean}, {"low", estimate.low}, {"high", estimate.high}};
}

Json to_json(const Row& row) {
  Json json{{"label", row.label}};
  if (row.setting) {
    json["context"] = to_string(row.setting->context);
    json["repair"] = to_string(row.setting->repair);
  }
  if (!row.prompts.empty()) {
    json["kl"] = to_json(row.estimate(&PromptFidelity::kl));
    json["kl"]["max"] = row.prompts[row.worst()].kl;
    json["top1"] = to_json(row.estimate(&PromptFidelity::top1));
    json["first_difference"] = row.estimate(&PromptFidelity::num_same).mean;
    json["cached_tokens"] = row.estimate(&PromptFidelity::num_cached).mean;
    json["live_tokens"] = row.estimate(&PromptFidelity::num_live).mean;
    json["repaired_tokens"] = row.estimate(&PromptFidelity::num_repaired).mean;
    if (const auto ttft_ms = row.ttft_ms()) json["ttft_ms"] = *ttft_ms;
    Json kls = Json::array();
    for (const PromptFidelity& prompt : row.prompts) kls.push_back(prompt.kl);
    json["kl_of_prompts"] = std::move(kls);
  }
  if (!row.questions.empty()) json["questions"] = {{"accuracy", row.accuracy()}, {"absent", row.absent()}};
  return json;
}

class Verifier {
 public:
  explicit Verifier(const Options& options) : options_(options), wanted_(options.verification), workspace_(options) {}

  int run() {
    workspace_.require_model();
    workspace_.open_store();
    workspace_.read_schema();
    workspace_.read_manifest();
    workspace_.lay_out();
    workspace_.make_recipe();
    choose_settings();
    if (wanted_.prompts.empty()) {
      sample_prompts();
    } else {
      read_prompts();
    }
    if (!wanted_.questions.empty()) read_questions();
    Verification verification(workspace_, options_);
    announce(verification);
    catch_interrupts();
    measure(verification);
    if (wanted_.suggests_scaffolds) suggest(verification);
    const bool holds = check_bounds();
    if (!holds) blame(verification);
    if (!wanted_.plot.empty()) write_plot();
    if (options_.json) {
      print_json(holds);
    } else {
      print_table();
      print_verdict(holds);
    }
    return holds ? kDone : kBadInput;
  }

 private:
  bool has_bounds() const { return wanted_.max_kl || wanted_.min_top1; }

  void choose_settings() {
    using ast::ContextKind;
    using grammar::RepairPolicy;
    std::vector<ContextKind> contexts = wanted_.contexts;
    std::vector<RepairPolicy> repairs = wanted_.repairs;
    if (contexts.empty()) {
      contexts = has_bounds() ? std::vector{workspace_.context_kind()}
                              : std::vector(ast::kContextKinds.begin(), ast::kContextKinds.end());
    }
    if (repairs.empty()) {
      repairs = has_bounds() ? std::vector{workspace_.repair_policy()}
                             : std::vector{RepairPolicy{}, RepairPolicy{RepairPolicy::Kind::joints, 0, 0.0},
                                           RepairPolicy{RepairPolicy::Kind::exact, 0, 0.0}};
    }
    for (const ContextKind context : contexts) {
      for (const RepairPolicy& repair : repairs) {
        Row row;
        row.setting = Setting{context, repair};
        row.label = label_of(*row.setting);
        rows_.push_back(std::move(row));
      }
    }
  }

  // --- prompts and questions --------------------------------------------------------------------------

  void sample_prompts() {
    std::mt19937_64 random(wanted_.seed);
    for (std::int32_t i = 0; i < wanted_.samples; ++i) {
      Sample sample;
      sample.name = "sample " + std::to_string(i + 1);
      RandomPrompt prompt = random_prompt(workspace_, random, sample.name, options_.json);
      sample.text = std::move(prompt.text);
      sample.selection = std::move(prompt.selection);
      samples_.push_back(std::move(sample));
    }
  }

  void read_prompts() {
    for_each_line(workspace_, wanted_.prompts, options_.json, [&](LoggedLine& line) {
      Sample sample;
      sample.name = line.place;
      auto prompt = prompt_of(line, workspace_);
      auto selection = prompt ? select(workspace_, std::move(*prompt), line.diagnostics) : std::nullopt;
      if (!selection) return;
      sample.selection = std::move(*selection);
      samples_.push_back(std::move(sample));
    });
  }

  void read_questions() {
    for_each_line(workspace_, wanted_.questions, options_.json, [&](LoggedLine& line) { read_question(line); });
    Row full;
    full.label = "full prefill";
    rows_.insert(rows_.begin(), std::move(full));
  }

  /// A line of a batch whose `user` is called `question`, with `right`, `wrong` and perhaps `answer`.
  void read_question(LoggedLine& line) {
    using grammar::DiagnosticKind;
    using grammar::JsonValue;
    const auto refuse = [&](DiagnosticKind kind, const grammar::Place& place, std::string message) {
      line.diagnostics.add(kind, place, std::move(message));
    };
    const auto take_text = [&](const char* name, bool is_needed) {
      auto value = take_member(line.fields, name);
      if (!value && is_needed) {
        refuse(DiagnosticKind::bad_json, line.fields.place, std::string("a question needs `") + name + "`");
      } else if (value && value->type != JsonValue::Type::string) {
        refuse(DiagnosticKind::bad_json, value->place, std::string("`") + name + "` must be a string");
        value->type = JsonValue::Type::string;  // the rest is looked at all the same
        value->place.end = value->place.begin;
      }
      return value;
    };
    auto asked = take_text("question", true);
    const auto answer = take_text("answer", false);
    Question question;
    question.name = line.place;
    const auto add_candidate = [&](const JsonValue& text) {
      compiler::MarkedText marked;
      append(marked, text.text);
      question.candidates.push_back(workspace_.text_encoder().encode(marked));
      if (question.candidates.back().empty()) refuse(DiagnosticKind::bad_value, text.place, "an answer is empty");
    };
    if (const auto right = take_member(line.fields, "right"); !right) {
      refuse(DiagnosticKind::bad_json, line.fields.place, "a question needs `right`");
    } else if (right->type != JsonValue::Type::string) {
      refuse(DiagnosticKind::bad_json, right->place, "`right` must be a string");
    } else {
      add_candidate(*right);
    }
    if (const auto wrong = take_member(line.fields, "wrong");
        !wrong || wrong->type != JsonValue::Type::array || wrong->values.empty()) {
      refuse(DiagnosticKind::bad_json, wrong ? wrong->place : line.fields.place,
             "a question needs `wrong`, an array of strings");
    } else {
      for (const JsonValue& text : wrong->values) {
        if (text.type == JsonValue::Type::string) {
          add_candidate(text);
        } else {
          refuse(DiagnosticKind::bad_json, text.place, "`wrong` must be an array of strings");
        }
      }
    }
    if (const auto user = take_member(line.fields, "user")) {
      refuse(DiagnosticKind::bad_json, user->place, "a question has `question` in place of `user`");
    }
    if (!asked) return;
    line.fields.keys.push_back(*asked);
    line.fields.keys.back().text = "user";
    line.fields.values.push_back(std::move(*asked));
    auto prompt = prompt_of(line, workspace_);
    if (!prompt) return;
    prompt->answer = answer ? answer->text : "";
    if (answer) prompt->answer_place = answer->place;
    auto selection = select(workspace_, std::move(*prompt), line.diagnostics);
    if (!selection) return;
    question.selection = std::move(*selection);
    questions_.push_back(std::move(question));
  }

  // --- measuring --------------------------------------------------------------------------------------

  /// What it will take.
  void announce(Verification& verification) const {
    if (options_.quiet || options_.json) return;
    std::int64_t num_missing = 0;
    std::vector<ast::ContextKind> kinds;
    for (const Row& row : rows_) {
      if (row.setting && std::ranges::find(kinds, row.setting->context) == kinds.end()) {
        kinds.push_back(row.setting->context);
      }
    }
    for (const ast::ContextKind kind : kinds) num_missing += verification.count_missing(kind);
    std::int64_t num_full = 0;
    for (const Sample& sample : samples_) {
      grammar::Diagnostics none;
      const auto plan = make_plan(workspace_.layout(), workspace_.contexts(), sample.selection,
                                  workspace_.text_encoder(), workspace_.max_positions(), none);
      num_full += static_cast<std::int64_t>(plan.rows.size());
    }
    const std::string text = count_of(samples_.size(), "prompt") + " in " + count_of(rows_.size(), "setting") +
                             (questions_.empty() ? "" : ", " + count_of(questions_.size(), "question")) + ": about " +
                             std::to_string(3 * num_full) + " tokens to prefill in full, and up to " +
                             std::to_string(num_missing) + " to encode";
    std::fprintf(stderr, "%s\n", text.c_str());
  }

  void measure(Verification& verification) {
    Progress progress("verifying " + workspace_.schema().name, "prompts",
                      static_cast<std::int64_t>(samples_.size() + questions_.size()), !options_.quiet);
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      Reference reference = take(verification.reference(samples_[i]));
      if (rows_.empty()) continue;
      without_gaps_.prompts.push_back(take(verification.measure_without_gaps(samples_[i], reference)));
      for (Row& row : rows_) {
        if (!row.setting) continue;
        row.prompts.push_back(take(verification.measure(samples_[i], reference, *row.setting, i < kTimedPrompts)));
      }
      if (wanted_.suggests_scaffolds) references_.push_back(std::move(reference));
      progress.advance(1);
    }
    for (const Question& question : questions_) {
      for (Row& row : rows_) row.questions.push_back(take(verification.ask(question, row.setting)));
      progress.advance(1);
    }
  }

  void suggest(Verification& verification) {
    const Setting own{workspace_.context_kind(), workspace_.repair_policy()};
    std::vector<double> kls;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      kls.push_back(take(verification.measure(samples_[i], references_[i], own, false)).kl);
    }
    suggestions_ = take(suggest_scaffolds(workspace_.layout(), verification, samples_, references_, kls));
  }

  template <class Value>
  Value take(Result<Value> result) const {
    if (!result || is_interrupted()) {
      workspace_.stop(result ? "interrupted" : result.error().message,
                      is_interrupted() ? kInterrupted : kMachineFailed);
    }
    return std::move(*result);
  }

  bool is_within(const Row& row) const {
    if (!row.setting || row.prompts.empty()) return true;
    return (!wanted_.max_kl || row.estimate(&PromptFidelity::kl).mean <= *wanted_.max_kl) &&
           (!wanted_.min_top1 || row.estimate(&PromptFidelity::top1).mean >= *wanted_.min_top1);
  }

  bool check_bounds() const {
    return std::ranges::all_of(rows_, [&](const Row& row) { return is_within(row); });
  }

  /// Of the first row beyond a bound: the worst prompt, and the module to blame.
  void blame(Verification& verification) {
    const Row& row = *std::ranges::find_if(rows_, [&](const Row& at) { return !is_within(at); });
    failed_ = &row;
    const Sample& sample = samples_[row.worst()];
    const Reference reference = take(verification.reference(sample));
    blamed_ = take(verification.blame(sample, reference, *row.setting));
  }

  // --- printing ---------------------------------------------------------------------------------------

  std::vector<const Row*> all_rows() const {
    std::vector<const Row*> all;
    for (const Row& row : rows_) {
      if (!row.setting) all.push_back(&row);
    }
    if (!without_gaps_.prompts.empty()) all.push_back(&without_gaps_);
    for (const Row& row : rows_) {
      if (row.setting) all.push_back(&row);
    }
    return all;
  }

  void print_table() const {
    std::printf("%s: %s of %d tokens at most, compared with their full prefill\n\n", workspace_.schema().name.c_str(),
                count_of(samples_.size(), "prompt").c_str(), wanted_.tokens);
    std::printf("  %-30s %-26s %-9s %-23s %-7s %-9s %s\n", "contexts, repair", "KL, its 95 % interval", "worst",
                "same likeliest token", "alike", "computed", "first token");
    for (const Row* row : all_rows()) {
      if (row->prompts.empty()) continue;
      const Estimate kl = row->estimate(&PromptFidelity::kl);
      const Estimate top1 = row->estimate(&PromptFidelity::top1);
      char kl_text[64], top1_text[64], time_text[32] = "";
      std::snprintf(kl_text, sizeof kl_text, "%.5f (%.5f - %.5f)", kl.mean, kl.low, kl.high);
      std::snprintf(top1_text, sizeof top1_text, "%.1f %% (%.1f - %.1f)", 100 * top1.mean, 100 * top1.low,
                    100 * top1.high);
      if (const auto ttft_ms = row->ttft_ms()) std::snprintf(time_text, sizeof time_text, "%.1f ms", *ttft_ms);
      std::printf("  %-30s %-26s %-9.5f %-23s %-7.1f %-9.0f %s\n", row->label.c_str(), kl_text,
                  row->prompts[row->worst()].kl, top1_text, row->estimate(&PromptFidelity::num_same).mean,
                  row->estimate(&PromptFidelity::num_live).mean + row->estimate(&PromptFidelity::num_repaired).mean,
                  time_text);
    }
    if (wanted_.suggests_scaffolds) print_suggestions();
    if (questions_.empty()) return;
    std::printf("\n  %-30s %-10s %s\n", (count_of(questions_.size(), "question")).c_str(), "right",
                "probability of wrong answers");
    for (const Row* row : all_rows()) {
      if (row->questions.empty()) continue;
      std::printf("  %-30s %-10s %.4f\n", row->label.c_str(), percent(row->accuracy()).c_str(), row->absent());
    }
  }

  void print_suggestions() const {
    constexpr std::size_t kMostShown = 8;
    std::printf("\n  scaffolds that buy most for what they take%s\n", suggestions_.empty() ? ": none" : "");
    for (std::size_t i = 0; i < std::min(kMostShown, suggestions_.size()); ++i) {
      const Suggestion& suggestion = suggestions_[i];
      std::printf("  <scaffold modules=\"%s %s\"/>  KL less by %.5f, %zu of the prompts; %lld tokens, %s\n",
                  suggestion.modules[0].c_str(), suggestion.modules[1].c_str(), suggestion.gain.kl,
                  suggestion.num_prompts, static_cast<long long>(suggestion.gain.num_tokens),
                  format_size(suggestion.gain.size_bytes).c_str());
    }
  }

  static std::string percent(double part) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %%", 100 * part);
    return text;
  }

  void print_verdict(bool holds) const {
    if (!has_bounds()) return;
    if (holds) {
      std::printf("\nwithin the bounds\n");
      return;
    }
    const Sample& sample = samples_[failed_->worst()];
    std::string text = failed_->label + " is beyond the bounds; the worst prompt is " + sample.name;
    if (!blamed_.empty()) text += ", and most of it comes from " + module_name(blamed_.front().first);
    say(text);
    if (!sample.text.empty()) std::fputs(sample.text.c_str(), stderr);
  }

  void print_json(bool holds) const {
    Json rows = Json::array();
    for (const Row* row : all_rows()) rows.push_back(to_json(*row));
    Json json{{"ok", holds},
              {"schema", workspace_.schema().name},
              {"prompts", samples_.size()},
              {"tokens", wanted_.tokens},
              {"rows", std::move(rows)}};
    if (wanted_.prompts.empty()) json["seed"] = wanted_.seed;
    if (wanted_.suggests_scaffolds) {
      json["scaffolds"] = Json::array();
      for (const Suggestion& suggestion : suggestions_) {
        json["scaffolds"].push_back({{"modules", suggestion.modules},
                                     {"kl", suggestion.gain.kl},
                                     {"prompts", suggestion.num_prompts},
                                     {"tokens", suggestion.gain.num_tokens},
                                     {"bytes", suggestion.gain.size_bytes}});
      }
    }
    if (failed_ != nullptr) {
      const Sample& sample = samples_[failed_->worst()];
      Json modules = Json::array();
      for (const auto& [module, kl] : blamed_) modules.push_back({{"module", module}, {"kl", kl}});
      json["worst"] = {{"label", failed_->label}, {"prompt", sample.name}, {"modules", std::move(modules)}};
      if (!sample.text.empty()) json["worst"]["text"] = sample.text;
    }
    json["recipe"] = Json::parse(compiler::to_json(workspace_.recipe()));
    print(json);
  }

  void write_plot() const {
    std::vector<PlotPoint> points;
    for (const Row* row : all_rows()) {
      if (row->prompts.empty() || !row->setting) continue;
      const double computed =
          row->estimate(&PromptFidelity::num_live).mean + row->estimate(&PromptFidelity::num_repaired).mean;
      points.push_back({std::string(to_string(row->setting->context)), to_string(row->setting->repair), computed,
                        row->estimate(&PromptFidelity::kl).mean});
    }
    const auto written = write_fidelity_plot(wanted_.plot, workspace_.schema().name, points,
                                             without_gaps_.estimate(&PromptFidelity::kl).mean);
    if (!written) workspace_.fail(wanted_.plot + ": " + written.error().message);
  }

  const Options& options_;
  const VerifyOptions& wanted_;
  Workspace workspace_;
  std::vector<Sample> samples_;
  std::vector<Question> questions_;
  std::vector<Row> rows_;
  Row without_gaps_{"full prefill without gaps", std::nullopt, {}, {}};
  std::vector<Reference> references_;  // of the samples, if scaffolds are to be suggested
  std::vector<Suggestion> suggestions_;
  const Row* failed_ = nullptr;
  std::vector<std::pair<std::string, double>> blamed_;
};

}  // namespace

int verify(const Options& options) { return Verifier(options).run(); }

}  // namespace pml::cli
