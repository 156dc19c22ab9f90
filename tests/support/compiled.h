// A schema of bytes, ready for prompts: through every phase, without a mistake.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/plan.h"
#include "compiler/references.h"
#include "grammar/parse_schema.h"
#include "support/byte_tokenizer.h"

namespace pml::test {

struct CompileOptions {
  ast::ContextKind kind = ast::ContextKind::typical;  // of what the schema does not say
  bool with_bos = false;
  grammar::SchemaOptions schema = {};
};

class Compiled {
 public:
  explicit Compiled(const std::string& schema_text, const CompileOptions& options = {});
  Compiled(const std::string& schema_text, ast::ContextKind kind) : Compiled(schema_text, CompileOptions{kind}) {}

  const compiler::Layout& layout() const { return layout_; }
  const compiler::TextEncoder& encoder() const { return encoder_; }

  compiler::Selection select(const std::string& prompt_text);
  compiler::Plan plan(const std::string& prompt_text, const std::string& policy = "none");
  /// What is said of a prompt that has mistakes, or may have.
  std::string mistakes(const std::string& prompt_text);

  /// The texts of the context of a module's first segment, one behind the other.
  std::string context_of(const std::string& module, std::size_t artifact = 0) const;
  /// How many artifacts the module's first segment has.
  std::size_t num_artifacts(const std::string& module) const;

  compiler::Contexts contexts;

 private:
  void expect_no_errors() const;
  compiler::SegmentId first_segment(const std::string& module) const;

  grammar::SourceSet sources_;
  grammar::Diagnostics diagnostics_;
  compiler::TextEncoder encoder_;
  compiler::Layout layout_;
  std::optional<compiler::References> references_;
};

/// The first segment of a module that is present.
const compiler::PlannedSegment& segment_of(const compiler::Plan& plan, const std::string& module);
/// Of each of a plan's segments.
std::vector<std::string> modules_of(const compiler::Plan& plan, const std::vector<std::int32_t>& segments);
/// A letter a row: c(ached), l(ive), r(epaired).
std::string sources_of(const compiler::Plan& plan);
/// The rows' tokens, which are bytes.
std::string text_of(const compiler::Plan& plan);

}  // namespace pml::test
