#include "cli/plan_text.h"

namespace pml::cli {

using compiler::PlannedSegment;
using compiler::SegmentKind;

std::string text_of(const std::vector<compiler::TokenId>& tokens, const compiler::Tokenizer& tokenizer) {
  std::string text;
  for (const compiler::TokenId token : tokens) {
    const std::string_view special = tokenizer.special_text(token);
    text += special.empty() ? tokenizer.bytes(token) : special;
  }
  return text;
}

std::string owner_of(const PlannedSegment& segment) {
  return segment.module.empty() ? "the schema's own text" : segment.module;
}

std::string label_of(const PlannedSegment& segment) {
  const std::string of_module = segment.module.empty() ? "" : " of " + segment.module;
  switch (segment.kind) {
    case SegmentKind::bos:
      return "beginning of the text";
    case SegmentKind::static_text:
      return owner_of(segment);
    case SegmentKind::text:
      return "the prompt's own text";
    case SegmentKind::argument:
      return "argument `" + segment.parameter + "`" + of_module;
    case SegmentKind::default_text:
      return "default of `" + segment.parameter + "`" + of_module;
    case SegmentKind::value:
      return "value of `" + segment.parameter + "`" + of_module;
    case SegmentKind::standin:
      return "stand-in of `" + segment.parameter + "`" + of_module;
  }
  return "";
}

std::string_view source_of(const PlannedSegment& segment) {
  if (segment.num_cached == 0) return segment.is_repaired ? "computed anew" : "computed";
  return segment.num_cached < segment.end() - segment.first ? "cached, its last row computed" : "cached";
}

}  // namespace pml::cli
