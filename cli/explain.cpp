// pml explain: what serves every row of a prompt, and what the cached rows have and have not seen.
#include <algorithm>
#include <cstdio>
#include <string>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/workspace.h"

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

std::string name_of(const PlannedSegment& segment, const compiler::Tokenizer* tokenizer) {
  constexpr std::size_t kMostBytes = 24;
  std::string text;
  for (const compiler::TokenId token : segment.tokens) {
    if (text.size() > kMostBytes) break;
    text += tokenizer->bytes(token);
  }
  if (text.size() > kMostBytes) {
    std::size_t end = kMostBytes - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole characters
    text = text.substr(0, end) + "...";
  }
  const std::string module = segment.module.empty() ? "(schema)" : segment.module;
  switch (segment.kind) {
    case compiler::SegmentKind::bos: return "beginning of the text";
    case compiler::SegmentKind::static_text: return module + " " + ast::in_quotes(text);
    case compiler::SegmentKind::text: return "text " + ast::in_quotes(text);
    case compiler::SegmentKind::argument: return module + ", argument " + ast::in_quotes(text);
    case compiler::SegmentKind::default_text: return module + ", default " + ast::in_quotes(text);
    case compiler::SegmentKind::standin: return module + ", stand-in " + ast::in_quotes(text);
  }
  return "";
}

/// One line: modules by their paths, each once; other segments by their texts.
void print_list(const char* label, const std::vector<std::int32_t>& ids, const Plan& plan,
                const compiler::Tokenizer* tokenizer) {
  constexpr std::size_t kMostNamed = 8;
  std::vector<std::string> names;
  for (const std::int32_t id : ids) {
    const PlannedSegment& segment = plan.segments[id];
    const bool is_module = segment.kind == compiler::SegmentKind::static_text && !segment.module.empty();
    std::string name = is_module ? segment.module : name_of(segment, tokenizer);
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  if (names.empty()) return;
  std::string line;
  for (std::size_t i = 0; i < std::min(kMostNamed, names.size()); ++i) line += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMostNamed) line += " and " + std::to_string(names.size() - kMostNamed) + " more";
  std::printf("%14s %s: %s\n", "", label, line.c_str());
}

void print_table(const Plan& plan, const compiler::Tokenizer* tokenizer) {
  std::printf("%d rows: %d cached, %d live\n\n", plan.num_cached + plan.num_live, plan.num_cached, plan.num_live);
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    const PlannedSegment& segment = plan.segments[i];
    if (!segment.present) continue;
    const bool is_live = segment.num_cached == 0;
    std::printf("%6d-%-6d %-7s %-10s %s\n", segment.first, segment.end() - 1, is_live ? "live" : "cached",
                segment.exact ? "exact" : "not exact", name_of(segment, tokenizer).c_str());
    print_list("has not seen", segment.dropped, plan, tokenizer);
    print_list("has seen, though absent", segment.ghosts, plan, tokenizer);
  }
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
    print_table(plan, workspace.text_encoder().tokenizer());
  }
  return kDone;
}

}  // namespace pml::cli
