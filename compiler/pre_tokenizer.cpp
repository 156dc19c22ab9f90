#include "compiler/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>
#include <string>
#include <utility>

#include "compiler/quote.h"
#include "grammar/check.h"

namespace pml::compiler {
namespace {

// The classes of the patterns, to stand within brackets. They are spelled out where PCRE2 and the tokenizers'
// own regular expressions (Oniguruma, Unicode 16) differ: token IDs must not depend on a library's version.

/// White_Space. PCRE2's \s has U+180E as well, which left that property in Unicode 6.3.
const std::string kSpace =
    R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";

/// \p{L} and \p{N} as PCRE2 10.42 has them (Unicode 14), and what Unicode 15 and 16 added.
const std::string kLetter =
    R"(\p{L}\x{1C89}\x{1C8A}\x{A7CB}-\x{A7CD}\x{A7DA}-\x{A7DC}\x{105C0}-\x{105F3}\x{10D4A}-\x{10D65})"
    R"(\x{10D6F}-\x{10D85}\x{10EC2}-\x{10EC4}\x{1123F}-\x{11240}\x{11380}-\x{11389}\x{1138B}\x{1138E})"
    R"(\x{11390}-\x{113B5}\x{113B7}\x{113D1}\x{113D3}\x{11BC0}-\x{11BE0}\x{11F02}\x{11F04}-\x{11F10})"
    R"(\x{11F12}-\x{11F33}\x{1342F}\x{13441}-\x{13446}\x{13460}-\x{143FA}\x{16100}-\x{1611D})"
    R"(\x{16D40}-\x{16D6C}\x{18CFF}\x{1B132}\x{1B155}\x{1DF25}-\x{1DF2A}\x{1E030}-\x{1E06D})"
    R"(\x{1E4D0}-\x{1E4EB}\x{1E5D0}-\x{1E5ED}\x{1E5F0}\x{2B739}\x{2EBF0}-\x{2EE5D}\x{31350}-\x{323AF})";
const std::string kNumber =
    R"(\p{N}\x{10D40}-\x{10D49}\x{116D0}-\x{116E3}\x{11BF0}-\x{11BF9}\x{11F50}-\x{11F59}\x{16130}-\x{16139})"
    R"(\x{16D70}-\x{16D79}\x{1CCF0}-\x{1CCF9}\x{1D2C0}-\x{1D2D3}\x{1E4F0}-\x{1E4F9}\x{1E5F1}-\x{1E5FA})";

/// GPT-2's pattern: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// Repetitions are possessive where nothing could be given back: long runs then need no backtracking.
std::string gpt2_pattern() {
  return "'(?:[stmd]|re|ve|ll)| ?[" + kLetter + "]++| ?[" + kNumber + "]++| ?[^" + kSpace + kLetter +
         kNumber + "]++|[" + kSpace + "]+(?![^" + kSpace + "])|[" + kSpace + "]++";
}

/// Every number character by itself, and GPT-2's pattern on what lies between two of them. A piece of text
/// ends before a number, so blanks there are at its end and stay together: that is what the lookahead says.
std::string smollm_pattern() {
  return "[" + kNumber + "]|'(?:[stmd]|re|ve|ll)| ?[" + kLetter + "]++| ?[^" + kSpace + kLetter + kNumber +
         "]++|[" + kSpace + "]+(?![^" + kSpace + kNumber + "])|[" + kSpace + "]++";
}

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

std::string error_text(int code) {
  PCRE2_UCHAR text[128] = {};
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

using Code = std::unique_ptr<pcre2_code, FreeCode>;

Result<Code> compile(const std::string& pattern) {
  int code = 0;
  std::size_t offset = 0;
  Code compiled(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              PCRE2_UTF | PCRE2_UCP, &code, &offset, nullptr));
  if (compiled == nullptr) {
    return fail("PCRE2 cannot compile the pre-tokenizer's pattern: " + error_text(code) +
                "; it may have been built without Unicode");
  }
  return compiled;
}

}  // namespace

struct PreTokenizer::Impl {
  Code pattern;
  bool pattern_is_machine_code = false;
  Code empty_pattern;  // matches at once: what remains is PCRE2's check of the whole subject
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context;  // constant after build()

  std::size_t valid_prefix_size(std::string_view text, pcre2_match_data* data) const;
  void split_valid(std::string_view text, std::size_t begin, pcre2_match_data* data,
                   std::vector<std::size_t>& ends) const;
};

Result<PreTokenizer> PreTokenizer::build(std::string_view name) {
  std::string text;
  if (name == "smollm") {
    text = smollm_pattern();
  } else if (name == "gpt-2") {
    text = gpt2_pattern();
  } else if (name.empty()) {
    return fail("the tokenizer names no pre-tokenizer");
  } else {
    return fail("pre-tokenizer " + quote(name) + " is not supported ('smollm' and 'gpt-2' are)");
  }
  auto pattern = compile(text);
  if (!pattern) return tl::make_unexpected(pattern.error());
  auto empty_pattern = compile("");
  if (!empty_pattern) return tl::make_unexpected(empty_pattern.error());

  auto impl = std::make_unique<Impl>();
  impl->pattern = std::move(*pattern);
  impl->empty_pattern = std::move(*empty_pattern);
  // Where machine code is not allowed, the interpreter does the same, slower.
  impl->pattern_is_machine_code = pcre2_jit_compile(impl->pattern.get(), PCRE2_JIT_COMPLETE) == 0;
  impl->context.reset(pcre2_match_context_create(nullptr));
  if (impl->context == nullptr) return fail("out of memory for PCRE2's match context");
  // The limits guard against patterns of strangers; ours are linear, and long runs must not trip them.
  pcre2_set_match_limit(impl->context.get(), UINT32_MAX);
  pcre2_set_depth_limit(impl->context.get(), UINT32_MAX);
  pcre2_set_heap_limit(impl->context.get(), UINT32_MAX);
  return PreTokenizer(std::move(impl));
}

/// How much of `text` is UTF-8, from its beginning.
std::size_t PreTokenizer::Impl::valid_prefix_size(std::string_view text, pcre2_match_data* data) const {
  const int matched = pcre2_match(empty_pattern.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                  0, 0, data, context.get());
  if (matched > 0) return text.size();
  PML_CHECK(matched <= PCRE2_ERROR_UTF8_ERR1 && matched >= PCRE2_ERROR_UTF8_ERR21,
            error_text(matched).c_str());
  return pcre2_get_startchar(data);
}

/// Appends the ends of the pieces from `begin` to the end of `text`, which is UTF-8 from there on.
void PreTokenizer::Impl::split_valid(std::string_view text, std::size_t begin, pcre2_match_data* data,
                                     std::vector<std::size_t>& ends) const {
  // Checking the text again for each piece would make the interpreter quadratic.
  const auto match = pattern_is_machine_code ? pcre2_jit_match : pcre2_match;
  const std::uint32_t options = pattern_is_machine_code ? 0 : PCRE2_NO_UTF_CHECK;
  const std::size_t* span = pcre2_get_ovector_pointer(data);
  while (begin < text.size()) {
    const int matched = match(pattern.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), begin,
                              options, data, context.get());
    // A failure (a limit, a stack) must not cut the text wrongly: wrong tokens go unnoticed.
    PML_CHECK(matched > 0, error_text(matched).c_str());
    PML_CHECK(span[0] == begin && span[1] > begin, "every character begins a piece");
    begin = span[1];
    ends.push_back(begin);
  }
}

std::vector<std::size_t> PreTokenizer::split(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, FreeMatchData> data(pcre2_match_data_create(1, nullptr));
  PML_CHECK(data != nullptr, "out of memory for PCRE2's match data");
  std::vector<std::size_t> ends;
  ends.reserve(text.size() / 4 + 1);
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t valid = impl_->valid_prefix_size(text.substr(position), data.get());
    impl_->split_valid(text.substr(0, position + valid), position, data.get(), ends);
    position += valid;
    if (position == text.size()) break;
    do {
      ++position;
    } while (position < text.size() && impl_->valid_prefix_size(text.substr(position), data.get()) == 0);
    ends.push_back(position);
  }
  return ends;
}

PreTokenizer::PreTokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

}  // namespace pml::compiler
