// pml explain: what serves every row of a prompt, and what the cached rows have and have not seen.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "cli/commands.h"
#include "cli/explain_schema.h"
#include "cli/json_output.h"
#include "cli/mask_picture.h"
#include "cli/plan_text.h"
#include "cli/svg.h"
#include "cli/terminal.h"
#include "cli/workspace.h"
#include "grammar/display.h"

namespace pml::cli {
namespace {

using compiler::Plan;
using compiler::PlannedRow;
using compiler::PlannedSegment;

bool is_stored(const PlannedSegment& segment, const std::vector<compiler::Digest>& digests,
               const Workspace& workspace) {
  const bool is_automatic = workspace.contexts().is_automatic(segment.artifact);
  return workspace.store().has(digests[segment.artifact],
                               is_automatic ? runtime::Shelf::automatic : runtime::Shelf::declared);
}

/// How the artifact's context was chosen.
std::string_view context_kind_of(const PlannedSegment& segment, const compiler::Contexts& contexts) {
  if (contexts.is_automatic(segment.artifact)) return "automatic";
  return segment.scaffold != compiler::kNone ? "scaffold" : to_string(segment.context_kind);
}

Json to_json(const Plan& plan, const std::vector<compiler::Digest>& digests, const Workspace& workspace) {
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
      entry["stored"] = is_stored(segment, digests, workspace);
      entry["context_kind"] = context_kind_of(segment, workspace.contexts());
      if (segment.scaffold != compiler::kNone) {
        entry["scaffold"] = workspace.contexts().scaffolds[segment.scaffold].name;
      }
    }
    entry["repaired"] = segment.repaired;
    entry["context"] = segment.context;
    entry["exact"] = segment.exact;
    entry["dropped"] = segment.dropped;
    entry["ghosts"] = segment.ghosts;
    entry["moved"] = segment.moved;
    segments.push_back(std::move(entry));
  }
  return {{"layout", to_string(workspace.layout().kind)},
          {"rows", std::move(rows)},
          {"segments", std::move(segments)},
          {"repair", to_string(workspace.repair_policy())},
          {"recipe", Json::parse(to_json(workspace.recipe()))}};
}

/// How many segments that the cache is to serve are not in the store yet.
std::size_t count_missing(const Plan& plan, const std::vector<compiler::Digest>& digests, const Workspace& workspace) {
  return static_cast<std::size_t>(std::ranges::count_if(plan.segments, [&](const PlannedSegment& segment) {
    return segment.present && segment.num_cached > 0 && !is_stored(segment, digests, workspace);
  }));
}

/// What `explain` says of a module (or of the schema's own text): all of its cached segments together.
struct ModuleSummary {
  std::string label;
  std::int32_t first = 0;  // slots
  std::int32_t last = 0;
  std::int32_t num_rows = 0;
  std::int32_t num_repaired = 0;
  std::int32_t num_segments = 0;
  std::int32_t num_exact = 0;
  std::set<std::int32_t> dropped;  // segments
  std::set<std::int32_t> ghosts;
  std::set<std::int32_t> moved;
};

/// Modules in the order of their first rows.
std::vector<ModuleSummary> summarize(const Plan& plan) {
  std::vector<ModuleSummary> modules;
  std::map<std::string, std::size_t> known;
  for (const PlannedSegment& segment : plan.segments) {
    if (!segment.present || (segment.num_cached == 0 && !segment.is_repaired)) continue;
    const auto [entry, is_new] = known.try_emplace(segment.module, modules.size());
    if (is_new) modules.emplace_back();
    ModuleSummary& module = modules[entry->second];
    if (is_new) module.label = owner_of(segment), module.first = segment.first;
    module.last = segment.end() - 1;
    module.num_rows += segment.num_spliced();
    module.num_repaired += segment.is_repaired ? static_cast<std::int32_t>(segment.tokens.size())
                                               : static_cast<std::int32_t>(segment.repaired.size());
    ++module.num_segments;
    module.num_exact += segment.exact ? 1 : 0;
    module.dropped.insert(segment.dropped.begin(), segment.dropped.end());
    module.ghosts.insert(segment.ghosts.begin(), segment.ghosts.end());
    module.moved.insert(segment.moved.begin(), segment.moved.end());
  }
  return modules;
}

/// "label: a, b, c", each name once; nothing of no names.
std::string list_of(const char* label, const std::set<std::int32_t>& ids, const Plan& plan) {
  std::vector<std::string> names;
  for (const std::int32_t id : ids) {
    std::string name = label_of(plan.segments[id]);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? std::string(label) + ": " : ", ") + name;
  return text;
}

/// Prints text behind the slots that it is about, and in wide terminals behind a column of states.
class SlotTable {
 public:
  explicit SlotTable(int width) : width_(width) {}

  void print_row(std::int32_t first, std::int32_t last, std::string_view state, const std::string& text) const {
    std::string start = "  " + column(std::to_string(first) + "-" + std::to_string(last), kSlotsWidth);
    if (!state.empty()) start += is_narrow() ? std::string(state) + ", " : column(state, kStateWidth);
    print_wrapped(is_narrow() ? "  " : start, is_narrow() ? start.substr(2) + text : text, indent(state), width_);
  }
  void print_note(const std::string& text) const {
    if (!text.empty()) print_wrapped(std::string(indent("state"), ' '), text, indent("state") + 2, width_);
  }
  /// Columns for the text of a row without state.
  int room() const { return width_ - (is_narrow() ? kNarrowIndent : indent("")); }

 private:
  static constexpr int kSlotsWidth = 11;
  static constexpr int kStateWidth = 9;
  static constexpr int kNarrowIndent = 4;

  bool is_narrow() const { return width_ < 60; }
  int indent(std::string_view state) const {
    return is_narrow() ? kNarrowIndent : 2 + kSlotsWidth + 1 + (state.empty() ? 0 : kStateWidth + 1);
  }
  std::string column(std::string_view text, int width) const {
    const int padding = is_narrow() ? 0 : std::max(0, width - static_cast<int>(text.size()));
    return std::string(text) + std::string(static_cast<std::size_t>(padding) + 1, ' ');
  }

  int width_;
};

void print_modules(const Plan& plan, const SlotTable& table) {
  for (const ModuleSummary& module : summarize(plan)) {
    const char* state = module.num_exact == module.num_segments ? "exact"
                        : module.num_exact > 0                  ? "partly"
                                                                : "not exact";
    std::string size = compiler::count_tokens(module.num_rows);
    if (module.num_repaired > 0) size += ", " + std::to_string(module.num_repaired) + " computed anew";
    table.print_row(module.first, module.last, state, module.label + ", " + size);
    table.print_note(list_of("has not seen", module.dropped, plan));
    table.print_note(list_of("has seen, though it is not there", module.ghosts, plan));
    table.print_note(list_of("has seen at another distance", module.moved, plan));
  }
}

void print_live(const Plan& plan, const compiler::Tokenizer& tokenizer, const SlotTable& table) {
  constexpr int kNarrowestText = 20;
  for (const PlannedSegment& segment : plan.segments) {
    if (!segment.present || segment.is_repaired || segment.num_cached == segment.end() - segment.first) continue;
    const std::int32_t first = segment.first + segment.num_cached;
    std::string text = text_of({segment.tokens.begin() + segment.num_cached, segment.tokens.end()}, tokenizer);
    for (char& c : text) c = c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
    const std::string label = label_of(segment) + ": ";
    const int room = std::max(kNarrowestText, table.room() - grammar::display_width(label));
    std::string shown = grammar::fitted(ast::in_quotes(text), room);
    shown.erase(shown.find_last_not_of(' ') + 1);
    table.print_row(first, segment.end() - 1, "", label + shown);
  }
}

void print_plan(const Plan& plan, std::size_t num_missing, const compiler::Tokenizer& tokenizer, int width) {
  std::int32_t num_exact = 0;
  for (const PlannedSegment& segment : plan.segments) {
    if (segment.present && segment.exact) num_exact += segment.num_spliced();
  }
  const auto number = [](std::int32_t count) { return std::to_string(count); };
  print_wrapped("",
                number(static_cast<std::int32_t>(plan.rows.size())) + " rows: " + number(plan.num_cached) +
                    " from the cache (" + number(num_exact) + " exact, " + number(plan.num_cached - num_exact) +
                    " not), " + number(plan.num_live) + " computed" +
                    (plan.num_repaired > 0 ? ", " + number(plan.num_repaired) + " computed anew to repair them" : ""),
                2, width);
  if (num_missing > 0) {
    const std::string subject =
        num_missing == 1 ? "1 of the cached segments is" : std::to_string(num_missing) + " of the cached segments are";
    print_wrapped("", subject + " not in the store yet; `run` encodes what is missing first", 2, width);
  }
  const SlotTable table(width);
  if (plan.num_cached > 0) {
    std::printf("\n");
    print_wrapped("", "From the cache. Exact: encoded after just what stands before it in this prompt.", 0, width);
    print_modules(plan, table);
  }
  std::printf("\n");
  print_wrapped("", "Computed for this prompt. Sees everything before it.", 0, width);
  print_live(plan, tokenizer, table);
}

}  // namespace

int explain(const Options& options) {
  Workspace workspace(options);
  workspace.require_model();
  workspace.open_store(StoreUse::look);
  workspace.read_schema();
  workspace.read_manifest();
  workspace.lay_out();
  workspace.make_recipe();
  if (!options.has_prompt()) {
    if (!options.svg.empty())
      workspace.misuse("--svg draws a prompt; give one with --prompt FILE, --select EXPR or --user TEXT");
    return explain_schema(workspace, options);
  }
  workspace.read_prompt();
  workspace.make_plan();
  const auto digests = chain_digests(workspace.layout(), workspace.contexts(), workspace.recipe());
  const Plan& plan = workspace.plan();
  if (!options.svg.empty()) {
    const std::string title = workspace.schema().name + ": what has seen what";
    const auto written = write_file(options.svg, draw_mask(plan, title));
    if (!written) workspace.fail(options.svg + ": " + written.error().message);
  }
  if (options.json) {
    print(to_json(plan, digests, workspace));
  } else if (options.dump == "plan") {
    std::fputs(dump(plan).c_str(), stdout);
  } else {
    print_plan(plan, count_missing(plan, digests, workspace), *workspace.text_encoder().tokenizer(), terminal_width());
  }
  return kDone;
}

}  // namespace pml::cli
