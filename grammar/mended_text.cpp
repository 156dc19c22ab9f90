#include "grammar/mended_text.h"

#include <algorithm>
#include <numeric>

#include "grammar/expression_grammar.h"

namespace pml::grammar {
namespace {

using Input = tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy>;

/// Where tokens begin, and the text's end. A text in quotes that holds several words may be none, so each word counts.
std::vector<std::size_t> token_begins(std::string_view text) {
  std::vector<std::size_t> begins;
  Input input(text.data(), text.data() + text.size(), "");
  while (true) {
    tao::pegtl::parse<expression::Blanks>(input);
    begins.push_back(input.current() - text.data());
    if (input.empty()) return begins;
    tao::pegtl::parse<expression::Token>(input);
  }
}

/// See mend().
class Mender {
 public:
  Mender(const MendedText& text, const TextMistakes& mistakes, std::size_t index,
         const std::function<TextMistakes(std::string_view)>& find, std::size_t& budget)
      : text_(text),
        mistakes_(mistakes),
        index_(index),
        find_(find),
        budget_(budget),
        begins_(token_begins(text.text())) {}

  std::optional<MendedText> mend(const std::vector<std::string_view>& marks) {
    const std::size_t num_doubtful = count_doubtful_quotes(text_.text());
    best_ = {mistakes_.list.size() + num_doubtful, 0};
    if (mistakes_.is_cut) best_.second = std::string_view::npos - mistakes_.list.back().at;
    // A quote that is missing, or one too much, may be anywhere before.
    if (num_doubtful > 0) try_quotes();
    constexpr std::size_t kBefore = 4;
    constexpr std::size_t kBehind = 2;
    const auto token =
        static_cast<std::size_t>(std::ranges::lower_bound(begins_, mistakes_.list[index_].at) - begins_.begin());
    for (std::size_t i = 0; i <= kBefore; ++i) {  // the nearest first
      if (i <= kBehind && token + i < begins_.size()) try_at(token + i, marks);
      if (i > 0 && i <= token) try_at(token - i, marks);
    }
    return std::move(best_text_);
  }

 private:
  void try_quotes() {
    for (auto begin = begins_.rbegin(); begin != begins_.rend(); ++begin) {
      for (const std::string_view quote : {"\"", "'"}) attempt(*begin, *begin, quote);
    }
    for (const std::size_t begin : begins_) {
      if (is_quote(begin)) attempt(begin, begin + 1, "");
    }
  }

  bool is_quote(std::size_t at) const {
    return at < text_.text().size() && (text_.text()[at] == '"' || text_.text()[at] == '\'');
  }

  void try_at(std::size_t token, const std::vector<std::string_view>& marks) {
    const std::size_t begin = begins_[token];
    for (const std::string_view mark : marks) attempt(begin, begin, mark);
    if (token + 1 == begins_.size() || is_quote(begin)) return;
    const std::string_view whole = text_.text().substr(begin, begins_[token + 1] - begin);
    const std::size_t end = begin + whole.find_last_not_of(" \t\r\n") + 1;
    attempt(begin, end, " ");
    for (const std::string_view mark : marks) attempt(begin, end, mark);
  }

  void attempt(std::size_t begin, std::size_t end, std::string_view by) {
    if (budget_ < text_.text().size() || best_.first == 0) return;
    budget_ -= text_.text().size();
    std::string changed(text_.text());
    changed.replace(begin, end - begin, by);
    const TextMistakes left = find_(changed);
    constexpr std::size_t kMistakeCost = 30;  // each takes about as long as so many bytes
    budget_ -= std::min(budget_, kMistakeCost * left.list.size());
    if (left.is_too_deep) return;
    std::pair score{left.list.size() + count_doubtful_quotes(changed), std::size_t{0}};
    if (left.is_cut) score.second = std::string_view::npos - left.list.back().at;
    if (score >= best_) return;
    for (std::size_t i = 0; i < index_; ++i) {
      if (i >= left.list.size() || left.list[i].at != mistakes_.list[i].at) return;
    }
    MendedText text = text_;
    text.replace(begin, end, by);
    const std::uint32_t mended_at = text_.original(mistakes_.list[index_].at);
    if (index_ < left.list.size()) {
      const TextMistakes::Mistake& next = left.list[index_];
      const std::uint32_t at = text.original(next.at);
      if (at < mended_at || (at == mended_at && next.what == mistakes_.list[index_].what)) return;
      if (left.is_cut && !goes_on(std::string_view(changed).substr(begin + by.size()), next.at - begin - by.size())) {
        return;
      }
    }
    best_ = score;
    best_text_ = std::move(text);
  }

  /// Has parsing found its way when it stops at an offset?
  bool goes_on(std::string_view text, std::size_t at) const {
    return at <= text.size() && token_begins(text.substr(0, at)).size() > mistakes_.num_tokens_between;
  }

  const MendedText& text_;
  const TextMistakes& mistakes_;
  std::size_t index_;
  const std::function<TextMistakes(std::string_view)>& find_;
  std::size_t& budget_;
  std::vector<std::size_t> begins_;
  std::pair<std::size_t, std::size_t> best_;  // mistakes, and bytes behind the place that parsing reached
  std::optional<MendedText> best_text_;
};

}  // namespace

MendedText::MendedText(std::string_view original) : text_(original), offsets_(original.size() + 1) {
  std::iota(offsets_.begin(), offsets_.end(), 0U);
}

void MendedText::replace(std::size_t begin, std::size_t end, std::string_view by) {
  const std::uint32_t at = offsets_[begin];
  changes_.push_back(at);
  text_.replace(begin, end - begin, by);
  const auto first = offsets_.begin() + static_cast<std::ptrdiff_t>(begin);
  offsets_.insert(offsets_.erase(first, first + static_cast<std::ptrdiff_t>(end - begin)), by.size(), at);
}

bool MendedText::is_changed(std::uint32_t begin, std::uint32_t end) const {
  return std::ranges::any_of(changes_, [&](std::uint32_t change) { return change >= begin && change <= end; });
}

std::optional<MendedText> mend(const MendedText& text, const TextMistakes& mistakes, std::size_t index,
                               const std::vector<std::string_view>& marks,
                               const std::function<TextMistakes(std::string_view)>& find, std::size_t& budget) {
  return Mender(text, mistakes, index, find, budget).mend(marks);
}

std::size_t count_doubtful_quotes(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto is_one_of = [&](char c, std::string_view marks) {
    return kBlanks.find(c) != std::string_view::npos || marks.find(c) != std::string_view::npos;
  };
  std::size_t count = 0;
  for (std::size_t at = text.find_first_of("\"'"); at != std::string_view::npos; at = text.find_first_of("\"'", at)) {
    const std::size_t begin = at;
    for (++at; at < text.size() && text[at] != text[begin]; ++at) {
      if (text[at] == '\\') ++at;
    }
    if (at >= text.size()) return count + 1;
    const std::string_view inside = text.substr(begin + 1, at - begin - 1);
    ++at;
    const bool stands_well =
        (begin == 0 || is_one_of(text[begin - 1], "=({,[:")) && (at == text.size() || is_one_of(text[at], "),}]:"));
    const bool is_between = !inside.empty() && (is_one_of(inside.front(), "),}") || is_one_of(inside.back(), "=({,"));
    if (!stands_well && is_between) ++count;
  }
  return count;
}

}  // namespace pml::grammar
