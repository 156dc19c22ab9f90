#include "grammar/xml_nesting.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "grammar/elements.h"
#include "grammar/vocabulary.h"

namespace pml::grammar {
namespace {

using Kind = MarkupPart::Kind;

/// On which line a tag begins, and behind how many blanks if nothing else stands before it.
struct Position {
  static constexpr std::int32_t kInLine = -1;
  std::uint32_t line = 0;
  std::int32_t indentation = kInLine;

  bool begins_line() const { return indentation != kInLine; }
};

std::vector<Position> positions_of(std::string_view text, const std::vector<MarkupPart>& parts) {
  std::vector<Position> positions;
  positions.reserve(parts.size());
  std::size_t at = 0;
  std::size_t line_begin = 0;
  bool is_blank = true;  // the line, so far
  Position position;
  for (const MarkupPart& part : parts) {
    for (; at < part.place.begin; ++at) {
      if (text[at] == '\n') {
        ++position.line;
        line_begin = at + 1;
        is_blank = true;
      } else if (text[at] != ' ' && text[at] != '\t' && text[at] != '\r') {
        is_blank = false;
      }
    }
    position.indentation = is_blank ? static_cast<std::int32_t>(at - line_begin) : Position::kInLine;
    positions.push_back(position);
  }
  return positions;
}

/// What tags are read by, besides their names.
struct Hints {
  bool vocabulary = false;   // what may stand in what
  bool lines = false;        // an element that begins and ends within a line
  bool indentation = false;  // one that begins and ends lines
  bool attributes = false;   // an element without those that it needs is none
  bool strays = false;       // an end tag closes what was opened last, or nothing
};

/// One reading.
class Reading {
 public:
  Reading(std::string_view text, const std::vector<MarkupPart>& parts, std::span<const Position> positions,
          const std::vector<TagPlaces>& tags, bool is_cut, Hints hints)
      : text_(text), parts_(parts), positions_(positions), tags_(tags), is_cut_(is_cut), hints_(hints) {}

  Nesting read() {
    result_.is_inside.reserve(parts_.size());
    for (part_ = 0; part_ < parts_.size() && !is_full(); ++part_) {
      const MarkupPart& part = parts_[part_];
      result_.is_inside.push_back(!open_.empty());
      if (part.kind == Kind::text && open_.empty()) text_outside(part);
      if (part.kind == Kind::start || part.kind == Kind::empty) start(part);
      if (part.kind == Kind::end) end(part);
    }
    while (!open_.empty() && !result_.is_too_deep) {
      close_unclosed(static_cast<std::uint32_t>(text_.size()), nullptr, "");
    }
    // What is inserted at a place comes before what is replaced there.
    std::ranges::stable_sort(result_.edits, {}, [](const Edit& edit) { return std::pair(edit.begin, edit.end); });
    return std::move(result_);
  }

 private:
  struct Open {
    std::size_t tag;
    std::string_view name;
    Position at;
  };

  void text_outside(const MarkupPart& part) {
    // Behind the root one mistake leads to all others: it was closed too early.
    const bool is_said = part.is_broken || (result_.has_root && said_outside_);
    if (!is_said) add(DiagnosticKind::outside_root, part.place, "text outside the root element");
    said_outside_ = true;
    ++result_.num_repairs;
    edit(part.place, "");
  }

  void start(const MarkupPart& part) {
    const std::string_view name = slice(part.name);
    const bool is_word = part.kind == Kind::start && hints_.attributes && lacks_attributes(part, name);
    if (part.kind == Kind::start && !is_word && is_end_without_slash(part, name)) return;
    if (hints_.vocabulary) close_before(part, name);
    if (open_.empty()) {
      result_.num_repairs += result_.has_root ? 1 : 0;
      if (result_.has_root && !std::exchange(said_outside_, true)) {
        add(DiagnosticKind::outside_root, part.name, "a second root element; the document ends with the first");
      }
      // Of a root that is none it is said later; what stands behind it is a part of it.
      const bool is_root = nearest(name, {"schema", "prompt"}).has_value() || tags_[part.tag].is_broken;
      if (!result_.has_root && !is_root) {
        if (said_outside_) result_.broken.push_back(part.tag);  // the root's own tag stands before it, as text
        said_outside_ = true;
      }
      if (!result_.has_root) is_schema_ = nearest(name, {"schema"}).has_value();
      result_.has_root = true;
    }
    if (part.kind == Kind::empty) return;
    open_.push_back({part.tag, name, position()});
    if (is_word) return close_unclosed(part.place.end, nullptr, "");
    if (open_.size() <= kMaxDepth) return;
    result_.mistakes.clear();
    result_.is_too_deep = true;
    add(DiagnosticKind::too_deep, part.name, "elements nest deeper than " + std::to_string(kMaxDepth) + " levels");
  }

  /// Then it is more likely a word of the text than an element's beginning.
  bool lacks_attributes(const MarkupPart& part, std::string_view name) const {
    const ElementInfo* element = is_schema_ ? find_element(schema_elements(), name) : nullptr;
    return element != nullptr && tags_[part.tag].attributes.empty() &&
           std::ranges::any_of(element->attributes, &AttributeInfo::is_needed);
  }

  /// `<module>` where `</module>` was meant.
  bool is_end_without_slash(const MarkupPart& part, std::string_view name) {
    if (part.is_broken || open_.empty() || open_.back().name != name) return false;  // a broken one has an edit already
    if (!tags_[part.tag].attributes.empty() || !fits(open_.back())) return false;
    const bool is_twice = part.place.begin == tags_[open_.back().tag].tag.end && ends_on_line(open_.back());
    if (is_twice) return false;
    auto& mistake = add(DiagnosticKind::unclosed_element, tags_[open_.back().tag].name,
                        "`<" + std::string(name) + ">` is never closed");
    mistake.notes.push_back({part.name, "write `</" + std::string(name) + ">` if this is its end"});
    result_.end_tags.push_back(part.tag);
    ++result_.num_repairs;
    edit(part.place, "</" + std::string(name) + ">");
    open_.pop_back();
    return true;
  }

  /// Closes what the start tag at hand cannot stand in.
  void close_before(const MarkupPart& part, std::string_view name) {
    const Position at = position();
    std::size_t first = open_.size();  // of those that are closed; the root is not
    const ElementInfo* element = is_schema_ ? find_element(schema_elements(), name) : nullptr;
    const auto may_stand = [&](const Open& parent) {
      return find_element(schema_elements(), parent.name) == nullptr || may_stand_in(*element, parent.name);
    };
    if (element != nullptr && !open_.empty() && !may_stand(open_.back())) {
      const auto parent = std::find_if(open_.rbegin(), open_.rend(), may_stand);
      if (parent != open_.rend()) first = static_cast<std::size_t>(open_.rend() - parent);
    }
    if (hints_.indentation && at.begins_line()) {
      for (std::size_t i = 1; i < first; ++i) {
        if (open_[i].at.indentation >= at.indentation) first = i;
      }
    }
    while (open_.size() > std::max<std::size_t>(1, first)) {
      close_unclosed(part.place.begin, &part.name, "it should end before this tag");
    }
  }

  void end(const MarkupPart& part) {
    const std::string_view name = slice(part.name);
    std::size_t match = find_open(name);
    if (hints_.strays && match + 1 < open_.size() && !fits(open_[match])) match = open_.size();
    if (match < open_.size() && (match + 1 == open_.size() || !fits(open_.back()) || fits(open_[match]))) {
      while (open_.size() > match + 1) close_unclosed(part.place.begin, &part.name, "it is still open at this end tag");
      if (open_.back().name != name) return end_mistyped(part, name);
      if (part.is_broken) edit(part.place, "</" + std::string(name) + ">");
      open_.pop_back();
    } else if (!open_.empty() && closes_top(name)) {
      end_mistyped(part, name);
    } else if (!end_of_empty(part, name)) {
      ++result_.num_repairs;
      if (!part.is_broken && !(open_.empty() && said_outside_)) report_unmatched(part, name);
      result_.has_lost_tags = true;
      if (!open_.empty()) result_.torn.push_back(open_.back().tag);
      edit(part.place, "");
    }
  }

  /// The element that an end tag of this name closes; open_.size() if none.
  std::size_t find_open(std::string_view name) const {
    const Position at = position();
    const bool by_column = hints_.indentation && at.begins_line();
    std::size_t nearest = open_.size();
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (open_[i].name != name) continue;
      if (!by_column || open_[i].at.indentation == at.indentation) return i;
      if (nearest == open_.size()) nearest = i;
    }
    for (std::size_t i = open_.size(); by_column && nearest == open_.size() && i-- > 0;) {
      if (fits(open_[i]) && is_mistyped(open_[i], name)) return i;
    }
    // One that begins further left ends there, too; but a tag that is the next to end does so anywhere.
    if (nearest < open_.size() && nearest + 1 < open_.size() && open_[nearest].at.begins_line() &&
        open_[nearest].at.indentation < at.indentation) {
      return open_.size();
    }
    return nearest;
  }

  /// Do its start and the tag at hand stand where the start and the end of one element would?
  bool fits(const Open& open) const {
    const Position at = position();
    return at.begins_line() ? hints_.indentation && at.indentation == open.at.indentation
                            : hints_.lines && at.line == open.at.line;
  }

  /// A name that was only mistyped, or is what the author called the element, still closes it: one mistake, one
  /// message.
  bool closes_top(std::string_view name) const {
    return is_mistyped(open_.back(), name) || (fits(open_.back()) && !ends_on_line(open_.back()));
  }
  /// Does a further end tag of its name follow on the line?
  bool ends_on_line(const Open& open) const {
    for (std::size_t i = part_ + 1; i < parts_.size() && positions_[i].line == positions_[part_].line; ++i) {
      if (parts_[i].kind == Kind::end && slice(parts_[i].name) == open.name) return true;
    }
    return false;
  }
  bool is_mistyped(const Open& open, std::string_view name) const {
    if (nearest(name, {open.name})) return true;
    const auto& attributes = tags_[open.tag].attributes;
    return std::ranges::any_of(attributes, [&](const AttributePlaces& attribute) {
      return slice(attribute.name) == "name" && slice(attribute.value) == name;
    });
  }

  void end_mistyped(const MarkupPart& part, std::string_view name) {
    ++result_.num_repairs;
    const Open top = open_.back();
    // Of a start tag that was mistyped it is said what it was meant to be; this end tag is that.
    const bool start_is_mistyped = is_element_name(name) && !is_element_name(top.name);
    if (!part.is_broken && !start_is_mistyped) {
      report_unmatched(part, name);
      result_.broken.push_back(top.tag);  // which of the two is right is not known
    }
    edit(part.place, "</" + std::string(top.name) + ">");
    open_.pop_back();
  }

  /// `<module/>...</module>`: the first tag was not meant to be empty.
  bool end_of_empty(const MarkupPart& part, std::string_view name) {
    if (part.is_broken) return false;
    int depth = 0;
    for (std::size_t i = part_; i-- > 0;) {
      const MarkupPart& before = parts_[i];
      if (before.kind == Kind::end) ++depth;
      if (before.kind == Kind::start && depth-- == 0) return false;
      if (before.kind != Kind::empty || depth > 0 || before.is_broken || slice(before.name) != name) continue;
      ++result_.num_repairs;
      report_unmatched(part, name).notes = {
          {before.name, "`<" + std::string(name) + "/>` is closed at once; leave out its `/` if this is its end"}};
      edit({before.place.source, before.place.end - 2, before.place.end}, ">");
      result_.broken.push_back(before.tag);
      if (!open_.empty()) return true;
      // It is the root, so that nothing stands outside.
      std::erase_if(result_.mistakes,
                    [](const Diagnostic& mistake) { return mistake.kind == DiagnosticKind::outside_root; });
      return true;
    }
    return false;
  }

  Diagnostic& report_unmatched(const MarkupPart& part, std::string_view name) {
    auto& mistake =
        add(DiagnosticKind::unmatched_end_tag, part.name, "`</" + std::string(name) + ">` closes nothing that is open");
    if (!open_.empty()) {
      const Open& top = open_.back();
      mistake.notes.push_back({tags_[top.tag].name, "`<" + std::string(top.name) + ">` is open here"});
    }
    return mistake;
  }

  /// Closes the innermost element at an offset. `closer`: the tag that shows that it was not closed.
  void close_unclosed(std::uint32_t at, const Place* closer, const char* why) {
    const Open top = open_.back();
    open_.pop_back();
    const TagPlaces& tag = tags_[top.tag];
    const ElementInfo* element = is_schema_ ? find_element(schema_elements(), top.name) : nullptr;
    const bool is_always_empty = element != nullptr && !element->has_content;
    if (!tag.is_broken && !is_cut_) {  // what follows from a mistake is not said again
      const std::string name(top.name);
      auto& mistake = add(DiagnosticKind::unclosed_element, tag.name, "`<" + name + ">` is never closed");
      if (closer != nullptr && !is_always_empty) mistake.notes.push_back({*closer, why});
      mistake.notes.push_back({std::nullopt, "write `<" + name +
                                                 "/>` if it is empty; code that holds `<` goes into <![CDATA[...]]>, "
                                                 "or into a file taken in with `src`"});
    }
    result_.broken.push_back(top.tag);
    result_.torn.push_back(top.tag);
    ++result_.num_repairs;
    if (is_always_empty) at = tag.tag.end;
    result_.edits.push_back({at, at, "</" + std::string(top.name) + ">"});
  }

  bool is_full() const { return result_.is_too_deep || result_.mistakes.size() > kMaxMistakes; }
  Position position() const { return positions_.empty() ? Position{} : positions_[part_]; }
  std::string_view slice(const Place& place) const { return text_.substr(place.begin, place.end - place.begin); }
  void edit(const Place& place, std::string text) {
    result_.edits.push_back({place.begin, place.end, std::move(text)});
  }
  Diagnostic& add(DiagnosticKind kind, const Place& place, std::string message) {
    return result_.mistakes.emplace_back(Diagnostic{kind, place, std::move(message), {}});
  }

  std::string_view text_;
  const std::vector<MarkupPart>& parts_;
  std::span<const Position> positions_;  // empty if they are not looked at
  const std::vector<TagPlaces>& tags_;
  bool is_cut_;
  Hints hints_;
  std::size_t part_ = 0;  // the one at hand
  std::vector<Open> open_;
  bool is_schema_ = false;
  bool said_outside_ = false;  // that something stands outside of the root, or it is clear why
  Nesting result_;
};

}  // namespace

Nesting nest(std::string_view text, const std::vector<MarkupPart>& parts, const std::vector<TagPlaces>& tags,
             bool is_cut) {
  Nesting best = Reading(text, parts, {}, tags, is_cut, {}).read();
  if (best.num_repairs == 0 || best.is_too_deep) return best;
  const std::vector<Position> positions = positions_of(text, parts);
  constexpr std::array kReadings{Hints{.vocabulary = true},
                                 Hints{.vocabulary = true, .lines = true},
                                 Hints{.vocabulary = true, .lines = true, .strays = true},
                                 Hints{.vocabulary = true, .lines = true, .attributes = true},
                                 Hints{.vocabulary = true, .lines = true, .indentation = true, .strays = true},
                                 Hints{.vocabulary = true, .lines = true, .indentation = true},
                                 Hints{.vocabulary = true, .lines = true, .indentation = true, .attributes = true}};
  for (const Hints& hints : kReadings) {
    Nesting other = Reading(text, parts, positions, tags, is_cut, hints).read();
    if (!other.is_too_deep && other.num_repairs <= best.num_repairs) best = std::move(other);
  }
  return best;
}

}  // namespace pml::grammar
