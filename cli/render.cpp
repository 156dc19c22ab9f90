// pml render: the final text of a prompt, segment by segment, and its tokens.
#include <cstdio>
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
using compiler::PlannedSegment;

Json to_json(const Plan& plan, const compiler::Tokenizer& tokenizer) {
  std::string text;
  Json segments = Json::array();
  for (const PlannedSegment& segment : plan.segments) {
    if (!segment.present) continue;
    const std::string own = text_of(segment.tokens, tokenizer);
    segments.push_back({{"kind", to_string(segment.kind)},
                        {"module", segment.module},
                        {"first", segment.first},
                        {"last", segment.end() - 1},
                        {"text", own},
                        {"tokens", segment.tokens}});
    text += own;
  }
  Json tokens = Json::array();
  Json positions = Json::array();
  for (const compiler::PlannedRow& row : plan.rows) {
    tokens.push_back(row.token);
    positions.push_back(row.position);
  }
  return {{"text", text}, {"tokens", tokens}, {"positions", positions}, {"segments", std::move(segments)}};
}

/// Every line behind a gutter, so that blanks and line breaks at the borders of a segment show.
void print_text(std::string_view text) {
  while (true) {
    const std::size_t end = text.find('\n');
    std::printf("  | %s\n", grammar::printable(text.substr(0, end)).c_str());
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void print_ids(const std::vector<compiler::TokenId>& tokens, int width) {
  std::string line;
  for (const compiler::TokenId token : tokens) {
    const std::string id = std::to_string(token);
    if (!line.empty() && static_cast<int>(line.size() + id.size()) + 5 > width) {
      std::printf("    %s\n", line.c_str());
      line.clear();
    }
    line += (line.empty() ? "" : " ") + id;
  }
  std::printf("    %s\n", line.c_str());
}

void print_segments(const Plan& plan, const compiler::Tokenizer& tokenizer) {
  const int width = terminal_width();
  for (const PlannedSegment& segment : plan.segments) {
    if (!segment.present) continue;
    std::printf("%d-%d %s, %s\n", segment.first, segment.end() - 1, label_of(segment).c_str(),
                std::string(source_of(segment)).c_str());
    print_text(text_of(segment.tokens, tokenizer));
    print_ids(segment.tokens, width);
  }
}

}  // namespace

int render(const Options& options) {
  Workspace workspace(options);
  workspace.require_model();
  workspace.read_schema();
  workspace.lay_out();
  workspace.require_prompt();
  workspace.read_prompt();
  workspace.make_plan();
  const Plan& plan = workspace.plan();
  const compiler::Tokenizer& tokenizer = *workspace.text_encoder().tokenizer();
  if (options.json) {
    print(to_json(plan, tokenizer));
  } else if (options.text_only) {
    for (const PlannedSegment& segment : plan.segments) {
      const std::string text = segment.present ? text_of(segment.tokens, tokenizer) : "";
      std::fwrite(text.data(), 1, text.size(), stdout);
    }
  } else {
    print_segments(plan, tokenizer);
  }
  return kDone;
}

}  // namespace pml::cli
