#include "compiler/regex_translation.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "compiler/character_classes.h"
#include "compiler/quote.h"

namespace pml::compiler {
namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class RegexTranslator {
 public:
  explicit RegexTranslator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> translate() {
    while (at_ < pattern_.size() && error_.empty()) item();
    if (!error_.empty()) {
      return fail("the pre-tokenizer's pattern " + quote(pattern_) + " cannot be used: " + error_ +
                  " is not supported");
    }
    return std::move(out_);
  }

 private:
  /// What an escape stands for: a class (its characters, to stand within brackets), or one character.
  struct Escape {
    std::string text;
    bool is_class = false;
    bool is_negated = false;
  };

  bool next_is(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }

  void refuse(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }

  void item() {
    const char c = pattern_[at_];
    if (c == '\\') {
      const Escape escape = read_escape();
      out_ += !escape.is_class ? escape.text : (escape.is_negated ? "[^" : "[") + escape.text + "]";
    } else if (c == '[') {
      char_class();
    } else if (c == '(') {
      open_group();
    } else if (c == ')') {
      if (!ignores_case_.empty()) ignores_case_.pop_back();  // one too many is PCRE2's to report
      out_ += pattern_[at_++];
    } else if (c == '{') {
      counted_repetition();
    } else if (c == '.') {
      out_ += "[^\\n]";
      ++at_;
    } else if (c == '$') {
      out_ += "(?=\\n|\\z)";  // Ruby's: at the end of each line
      ++at_;
    } else if (c == '^') {
      refuse("'^'");
    } else {
      literal(c);
    }
  }

  void literal(char c) {
    // Oniguruma folds some pairs of letters into one character, as "ss" into U+00DF; PCRE2 does not.
    if (ignores_case()) {
      std::string pair{previous_letter_, c};
      std::transform(pair.begin(), pair.end(), pair.begin(), [](char l) { return is_letter(l) ? l | 0x20 : l; });
      const bool folds = pair == "ss" || pair == "st" || pair == "ff" || pair == "fi" || pair == "fl";
      if (folds || !is_ascii(c)) return refuse("what stands in a group that ignores case");
    }
    previous_letter_ = c;
    out_ += c;
    ++at_;
  }

  void open_group() {
    struct Kind {
      std::string_view text;
      bool ignores_case;
    };
    constexpr Kind kKinds[] = {{"(?:", false}, {"(?i:", true}, {"(?=", false}, {"(?!", false}, {"(?>", false}};
    for (const Kind& kind : kKinds) {
      if (!next_is(kind.text)) continue;
      ignores_case_.push_back(kind.ignores_case || ignores_case());
      out_ += kind.text;
      at_ += kind.text.size();
      return;
    }
    if (next_is("(?") || next_is("(*")) return refuse("the group " + quote(pattern_.substr(at_, 3)));
    ignores_case_.push_back(ignores_case());
    out_ += "(?:";  // nobody asks for what a group caught
    ++at_;
  }

  bool ignores_case() const { return !ignores_case_.empty() && ignores_case_.back(); }

  /// {n}, {n,} or {n,m}. Other braces are literal in one dialect, or mean other things in the two.
  void counted_repetition() {
    const std::size_t end = pattern_.find('}', at_);
    const std::string_view text = pattern_.substr(at_, end == pattern_.npos ? end : end - at_ + 1);
    const bool is_counted =
        text.size() > 2 && is_digit(text[1]) && text.back() == '}' &&
        std::all_of(text.begin() + 1, text.end() - 1, [](char c) { return is_digit(c) || c == ','; });
    if (!is_counted) return refuse("'{' that begins no repetition");
    at_ += text.size();
    if (next_is("?") || next_is("+"))
      return refuse("'" + std::string(1, pattern_[at_]) + "' behind a repetition in braces");
    out_ += text;
  }

  void char_class() {
    out_ += pattern_[at_++];
    if (next_is("^")) out_ += pattern_[at_++];
    if (next_is("]")) return refuse("']' as the first of a class");
    bool is_first = true;
    bool after_class = false;  // the item before was a class, which can begin no range
    bool in_range = false;
    while (error_.empty()) {
      if (at_ >= pattern_.size()) return refuse("'[' without a ']'");
      const char c = pattern_[at_];
      if (c == ']') break;
      if (c == '[' || next_is("&&")) return refuse("'" + std::string(1, c) + "' within a class");
      const bool is_last = pattern_.substr(at_ + 1).starts_with(']');
      if (c == '-' && !is_first && !is_last) {
        if (after_class) return refuse("a range between classes");
        in_range = true;
        out_ += '-';
        ++at_;
        continue;
      }
      after_class = false;
      if (c == '\\') {
        const Escape escape = read_escape();
        if (escape.is_class && (in_range || escape.is_negated)) return refuse("a range or negation of classes");
        after_class = escape.is_class;
        out_ += escape.text;
      } else {
        if (ignores_case() && !is_ascii(c)) return refuse("what stands in a group that ignores case");
        out_ += c == '-' ? "\\-" : std::string(1, c);
        ++at_;
      }
      in_range = is_first = false;
    }
    if (error_.empty()) out_ += pattern_[at_++];
  }

  Escape read_escape() {
    const std::size_t begin = at_++;
    if (at_ >= pattern_.size()) return refuse_escape(begin);
    const char c = pattern_[at_++];
    switch (c) {
      case 's':
      case 'S':
        return {std::string(kWhiteSpace), true, c == 'S'};
      case 'd':
      case 'D':
        return {*general_category("Nd"), true, c == 'D'};
      case 'r':
      case 'n':
      case 't':
      case 'f':
        return {{'\\', c}};
      case 'v':
        return {"\\x0B"};
      case 'p':
      case 'P':
        return read_property(begin, c == 'P');
      case 'x':
      case 'u':
        return read_code_point(begin, c);
      default:
        break;
    }
    if (!is_ascii(c) || is_letter(c) || is_digit(c)) return refuse_escape(begin);
    return {{'\\', c}};
  }

  Escape read_property(std::size_t begin, bool is_negated) {
    const std::size_t end = pattern_.find('}', at_);
    if (!next_is("{") || end == pattern_.npos) return refuse_escape(begin);
    std::string_view name = pattern_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (name.starts_with('^')) {
      is_negated = !is_negated;
      name.remove_prefix(1);
    }
    const auto characters = general_category(name);
    if (!characters) return refuse_escape(begin);
    return {*characters, true, is_negated};
  }

  /// \uHHHH, \x{H...}, or \xHH, which is a byte and so a character only below U+0080.
  Escape read_code_point(std::size_t begin, char kind) {
    std::string_view digits;
    if (kind == 'u') {
      digits = pattern_.substr(at_, 4);
      at_ += digits.size();
      if (digits.size() < 4) return refuse_escape(begin);
    } else if (next_is("{")) {
      digits = pattern_.substr(at_ + 1, pattern_.find('}', at_) - at_ - 1);
      at_ = std::min(pattern_.size(), at_ + digits.size() + 2);
    } else {
      digits = pattern_.substr(at_, 2);
      at_ += digits.size();
      if (digits.size() < 2 || digits[0] > '7') return refuse_escape(begin);
    }
    std::uint32_t point = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
    const bool is_number = error == std::errc() && end == digits.data() + digits.size() && !digits.empty();
    if (!is_number || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return refuse_escape(begin);
    if (ignores_case() && point >= 0x80) return refuse_escape(begin);
    char text[16];
    std::snprintf(text, sizeof text, "\\x{%X}", static_cast<unsigned>(point));
    return {text};
  }

  Escape refuse_escape(std::size_t begin) {
    refuse(quote(pattern_.substr(begin, at_ - begin)));
    return {};
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<bool> ignores_case_;  // of the groups around
  char previous_letter_ = 0;
  std::string error_;
};

}  // namespace

Result<std::string> translate_regex(std::string_view pattern) { return RegexTranslator(pattern).translate(); }

}  // namespace pml::compiler
