// pml explain: what serves every row of a prompt, and what the cached rows have and have not seen.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/plan_text.h"
#include "cli/terminal.h"
#include "cli/workspace.h"
#include "grammar/display.h"

namespace pml::cli {
namespace {

using compiler::Plan;
using compiler::PlannedRow;
using compiler::PlannedSegment;

Json to_json(const Plan& plan, const std::vector<compiler::Digest>& digests, const compiler::Recipe& recipe) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    const PlannedRow& row = plan.rows[i];
    rows.push_back({{"row", i},
                    {"token", row.token},
                    {"position", row.position},
                    {"segment", row.segment},
                    {"source", to_string(row.source)}});
  }
  Json segments = Json::array();
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    const PlannedSegment& segment = plan.segments[i];
    Json entry{{"id", i},
               {"kind", to_string(segment.kind)},
               {"module", segment.module},
               {"parameter", segment.parameter},
               {"tokens", segment.tokens},
               {"first", segment.first},
               {"last", segment.end() - 1},
               {"shift", segment.shift},
               {"present", segment.present}};
    if (segment.artifact != compiler::kNone) {
      entry["digest"] = compiler::to_hex(digests[segment.artifact]);
      entry["context_kind"] = to_string(segment.context_kind);
    }
    entry["context"] = segment.context;
    entry["exact"] = segment.exact;
    entry["dropped"] = segment.dropped;
    entry["ghosts"] = segment.ghosts;
    segments.push_back(std::move(entry));
  }
  return {{"rows", std::move(rows)}, {"segments", std::move(segments)}, {"recipe", Json::parse(to_json(recipe))}};
}

/// What `explain` says of a module (or of the schema's own text): all of its cached segments together.
struct ModuleSummary {
  std::string label;
  std::int32_t first = 0;  // slots
  std::int32_t last = 0;
  std::int32_t num_rows = 0;
  std::int32_t num_segments = 0;
  std::int32_t num_exact = 0;
  std::set<std::int32_t> dropped;  // segments
  std::set<std::int32_t> ghosts;
};

/// Modules in the order of their first rows.
std::vector<ModuleSummary> summarize(const Plan& plan) {
  std::vector<ModuleSummary> modules;
  std::map<std::string, std::size_t> known;
  for (const PlannedSegment& segment : plan.segments) {
    if (!segment.present || segment.num_cached == 0) continue;
    const auto [entry, is_new] = known.try_emplace(segment.module, modules.size());
    if (is_new) modules.emplace_back();
    ModuleSummary& module = modules[entry->second];
    if (is_new) module.label = owner_of(segment), module.first = segment.first;
    module.last = segment.end() - 1;
    module.num_rows += segment.num_cached;
    ++module.num_segments;
    module.num_exact += segment.exact ? 1 : 0;
    module.dropped.insert(segment.dropped.begin(), segment.dropped.end());
    module.ghosts.insert(segment.ghosts.begin(), segment.ghosts.end());
  }
  return modules;
}

/// Prints `label: a, b, c`, each name once, broken into lines.
void print_names(const char* label, const std::set<std::int32_t>& ids, const Plan& plan, int width) {
  constexpr std::string_view kMargin = "                       ";
  std::vector<std::string> names;
  for (const std::int32_t id : ids) {
    std::string name = label_of(plan.segments[id]);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  if (names.empty()) return;
  std::string line = std::string(kMargin) + label + ":";
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = " " + names[i] + (i + 1 < names.size() ? "," : "");
    if (i > 0 && grammar::display_width(line) + grammar::display_width(name) > width) {
      std::printf("%s\n", line.c_str());
      line = std::string(kMargin) + " ";
    }
    line += name;
  }
  std::printf("%s\n", line.c_str());
}

std::string slots_of(std::int32_t first, std::int32_t last) {
  return std::to_string(first) + "-" + std::to_string(last);
}

void print_modules(const Plan& plan, int width) {
  for (const ModuleSummary& module : summarize(plan)) {
    const char* state = module.num_exact == module.num_segments ? "exact"
                        : module.num_exact > 0                  ? "partly"
                                                                : "not exact";
    std::printf("  %-11s %-9s %s, %s\n", slots_of(module.first, module.last).c_str(), state, module.label.c_str(),
                compiler::count_tokens(module.num_rows).c_str());
    print_names("has not seen", module.dropped, plan, width);
    print_names("has seen, though it is not there", module.ghosts, plan, width);
  }
}

void print_live(const Plan& plan, const compiler::Tokenizer& tokenizer, int width) {
  for (const PlannedSegment& segment : plan.segments) {
    if (!segment.present || segment.num_cached == segment.end() - segment.first) continue;
    const std::int32_t first = segment.first + segment.num_cached;
    std::string text = text_of({segment.tokens.begin() + segment.num_cached, segment.tokens.end()}, tokenizer);
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::string line = grammar::fitted(label_of(segment) + ": " + ast::in_quotes(text), std::max(20, width - 15));
    line.erase(line.find_last_not_of(' ') + 1);
    std::printf("  %-11s %s\n", slots_of(first, segment.end() - 1).c_str(), line.c_str());
  }
}

void print_table(const Plan& plan, const compiler::Tokenizer& tokenizer) {
  std::int32_t num_exact = 0;
  for (const PlannedSegment& segment : plan.segments) {
    if (segment.present && segment.exact) num_exact += segment.num_cached;
  }
  const int width = terminal_width();
  std::printf("%d rows: %d from the cache (%d exact, %d not), %d computed\n", plan.num_cached + plan.num_live,
              plan.num_cached, num_exact, plan.num_cached - num_exact, plan.num_live);
  if (plan.num_cached > 0) {
    std::printf("\nFrom the cache. Exact: encoded after just what stands before it in this prompt.\n");
    print_modules(plan, width);
  }
  std::printf("\nComputed for this prompt. Sees everything before it.\n");
  print_live(plan, tokenizer, width);
}

}  // namespace

int explain(const Options& options) {
  Workspace workspace(options);
  workspace.require_model();
  workspace.open_store();
  workspace.read_schema();
  workspace.read_manifest();
  workspace.lay_out();
  workspace.require_prompt();
  workspace.read_prompt();
  workspace.make_plan();
  workspace.make_recipe();
  const auto digests = chain_digests(workspace.layout(), workspace.contexts(), workspace.recipe());
  const Plan& plan = workspace.plan();
  if (options.json) {
    print(to_json(plan, digests, workspace.recipe()));
  } else if (options.dump == "plan") {
    std::fputs(dump(plan).c_str(), stdout);
  } else {
    print_table(plan, *workspace.text_encoder().tokenizer());
  }
  return kDone;
}

}  // namespace pml::cli
