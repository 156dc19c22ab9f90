#include "compiler/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "compiler/quote.h"
#include "compiler/regex_translation.h"
#include "grammar/check.h"

namespace pml::compiler {
namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

std::string error_text(int code) {
  PCRE2_UCHAR text[128] = {};
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

struct CompiledStep {
  SplitStep step;
  Code code;
  bool is_machine_code = false;
};

Result<CompiledStep> compile(const SplitStep& step) {
  auto pattern = translate_regex(step.pattern);
  if (!pattern) return tl::make_unexpected(pattern.error());
  int code = 0;
  std::size_t offset = 0;
  CompiledStep compiled{step, Code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern->data()), pattern->size(),
                                                 PCRE2_UTF | PCRE2_UCP, &code, &offset, nullptr))};
  if (compiled.code == nullptr) {
    return fail("PCRE2 cannot compile the pre-tokenizer's pattern " + quote(step.pattern) + ": " + error_text(code));
  }
  std::uint32_t matches_empty = 0;
  pcre2_pattern_info(compiled.code.get(), PCRE2_INFO_MATCHEMPTY, &matches_empty);
  if (matches_empty != 0) {
    return fail("the pre-tokenizer's pattern " + quote(step.pattern) + " may match nothing, which is not supported");
  }
  // Where machine code is not allowed, the interpreter does the same, slower.
  compiled.is_machine_code = pcre2_jit_compile(compiled.code.get(), PCRE2_JIT_COMPLETE) == 0;
  return compiled;
}

/// Size of the UTF-8 character that `text` begins with; 0 if it begins with none.
std::size_t character_size(std::string_view text) {
  utf8proc_int32_t point = 0;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &point);
  return static_cast<std::size_t>(std::max<utf8proc_ssize_t>(size, 0));
}

/// One call of split(): finds the matches of a step in UTF-8 text, and where to cut.
class Splitter {
 public:
  explicit Splitter(std::size_t text_size)
      : data_(pcre2_match_data_create(1, nullptr)), context_(pcre2_match_context_create(nullptr)) {
    PML_CHECK(data_ != nullptr && context_ != nullptr, "there is memory for PCRE2's match data");
    // Long runs of blanks must not trip the limit, a pattern of exponential time must.
    constexpr std::uint64_t kSteps = 10'000'000;
    const std::uint64_t limit = std::min<std::uint64_t>(kSteps + 64 * std::uint64_t{text_size}, UINT32_MAX);
    pcre2_set_match_limit(context_.get(), static_cast<std::uint32_t>(limit));
    pcre2_set_depth_limit(context_.get(), static_cast<std::uint32_t>(limit));
  }

  /// Appends the ends of the pieces of text[begin, end).
  void split(const CompiledStep& step, std::string_view text, std::size_t begin, std::size_t end,
             std::vector<std::size_t>& ends) {
    find_pieces(step, text.substr(begin, end - begin));
    using Behavior = SplitStep::Behavior;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const bool is_last = i + 1 == pieces_.size();
      bool is_cut = true;  // between this piece and the next
      if (!is_last && step.step.behavior != Behavior::isolated) {
        const bool is_match = pieces_[i].is_match;
        const bool next_is_match = pieces_[i + 1].is_match;
        switch (step.step.behavior) {
          case Behavior::isolated:
            break;
          case Behavior::contiguous:
            is_cut = is_match != next_is_match;
            break;
          case Behavior::merged_with_previous:
            is_cut = is_match || !next_is_match;
            break;
          case Behavior::merged_with_next:
            is_cut = !is_match || next_is_match;
            break;
        }
      }
      if (is_cut) ends.push_back(begin + pieces_[i].end);
    }
  }

 private:
  struct Piece {
    std::size_t end;
    bool is_match;
  };

  void find_pieces(const CompiledStep& step, std::string_view text) {
    pieces_.clear();
    // Checking the text again for each piece would make the interpreter quadratic.
    const auto match = step.is_machine_code ? pcre2_jit_match : pcre2_match;
    const std::uint32_t options = step.is_machine_code ? 0 : PCRE2_NO_UTF_CHECK;
    const std::size_t* span = pcre2_get_ovector_pointer(data_.get());
    for (std::size_t begin = 0; begin < text.size();) {
      const int matched = match(step.code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), begin, options,
                                data_.get(), context_.get());
      if (matched < 0 && matched != PCRE2_ERROR_NOMATCH) {
        throw std::runtime_error("the tokenizer's pattern " + quote(step.step.pattern) +
                                 " does not come to an end on this text: " + error_text(matched));
      }
      const std::size_t match_begin = matched < 0 ? text.size() : span[0];
      if (match_begin > begin) pieces_.push_back({match_begin, step.step.is_inverted});
      if (matched < 0) return;
      begin = span[1];
      PML_CHECK(begin > match_begin, "no pattern matches nothing");
      pieces_.push_back({begin, !step.step.is_inverted});
    }
  }

  std::unique_ptr<pcre2_match_data, FreeMatchData> data_;
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context_;
  std::vector<Piece> pieces_;
};

}  // namespace

struct PreTokenizer::Impl {
  std::vector<CompiledStep> steps;
};

Result<PreTokenizer> PreTokenizer::build(const std::vector<SplitStep>& steps) {
  auto impl = std::make_unique<Impl>();
  for (const SplitStep& step : steps) {
    auto compiled = compile(step);
    if (!compiled) return tl::make_unexpected(compiled.error());
    impl->steps.push_back(std::move(*compiled));
  }
  return PreTokenizer(std::move(impl));
}

std::vector<std::size_t> PreTokenizer::split(std::string_view text) const {
  Splitter splitter(text.size());
  std::vector<std::size_t> ends;
  ends.reserve(text.size() / 4 + 1);
  std::vector<std::size_t> before;  // pieces of the step before
  std::vector<std::size_t> after;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (const std::size_t size = character_size(text.substr(end))) end += size;
    if (end > begin) {
      before = {end};
      for (const CompiledStep& step : impl_->steps) {
        after.clear();
        std::size_t piece_begin = begin;
        for (const std::size_t piece_end : before) {
          splitter.split(step, text, piece_begin, piece_end, after);
          piece_begin = piece_end;
        }
        before.swap(after);
      }
      ends.insert(ends.end(), before.begin(), before.end());
      begin = end;
    }
    if (begin == text.size()) break;
    while (end < text.size() && character_size(text.substr(end)) == 0) ++end;
    ends.push_back(end);
    begin = end;
  }
  return ends;
}

PreTokenizer::PreTokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

}  // namespace pml::compiler
