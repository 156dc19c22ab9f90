#include "cli/lsp_cursor.h"

#include <algorithm>

namespace pml::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kEndsOfName = " \t\r\n<>/=\"'";

/// An end tag closes an element that has no more open ones in it.
constexpr std::size_t kMostSkipped = 100;

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

/// A start tag, as far as it goes.
struct ReadTag {
  CursorTag tag;
  std::size_t end = 0;  // behind it
  bool is_closed = false;
  bool is_empty = false;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::string_view slice(const Word& word) const { return text_.substr(word.begin, word.end - word.begin); }
  bool at(std::size_t begin, std::string_view what) const { return text_.substr(begin).starts_with(what); }
  std::size_t find(std::string_view what, std::size_t from) const { return std::min(text_.find(what, from), size()); }
  std::size_t size() const { return text_.size(); }

  Word name_at(std::size_t begin) const { return {begin, std::min(text_.find_first_of(kEndsOfName, begin), size())}; }

  ReadTag tag_at(std::size_t begin) const {
    ReadTag read;
    read.tag.word = name_at(begin + 1);
    read.tag.name = slice(read.tag.word);
    std::size_t i = read.tag.word.end;
    while (i < size() && text_[i] != '<') {
      if (text_[i] == '>') {
        read.is_closed = true;
        read.is_empty = text_[i - 1] == '/';
        ++i;
        break;
      }
      const Word name = name_at(i);
      if (name.begin == name.end) {
        ++i;
        continue;
      }
      i = attribute(name, read.tag);
    }
    read.end = i;
    return read;
  }

 private:
  /// Returns where the tag goes on.
  std::size_t attribute(const Word& name, CursorTag& tag) const {
    CursorTag::Attribute attribute{slice(name), "", name, {}, false};
    std::size_t i = skip_blanks(name.end);
    if (i == size() || text_[i] != '=') {
      tag.attributes.push_back(attribute);
      return name.end;
    }
    i = skip_blanks(i + 1);
    if (i == size() || (text_[i] != '"' && text_[i] != '\'')) {
      tag.attributes.push_back(attribute);
      return i;
    }
    const std::size_t close = std::min(text_.find_first_of(text_[i] == '"' ? "\"<" : "'<", i + 1), size());
    const bool is_closed = close < size() && text_[close] != '<';
    // A value without its end ends with the line, or with the tag.
    const std::size_t end = is_closed ? close : std::min(text_.find_first_of("\n><", i + 1), size());
    attribute.value_word = {i + 1, end};
    attribute.value = slice(attribute.value_word);
    attribute.has_value = true;
    tag.attributes.push_back(attribute);
    return is_closed ? end + 1 : end;
  }

  std::size_t skip_blanks(std::size_t i) const {
    while (i < size() && is_blank(text_[i])) ++i;
    return i;
  }

  std::string_view text_;
};

void place_in_tag(std::string_view text, std::size_t offset, Cursor& cursor) {
  cursor.where = Cursor::Where::nowhere;
  if (cursor.tag.word.touches(offset)) {
    cursor.where = Cursor::Where::element_name;
    cursor.word = cursor.tag.word;
    return;
  }
  for (std::size_t i = 0; i < cursor.tag.attributes.size(); ++i) {
    const CursorTag::Attribute& attribute = cursor.tag.attributes[i];
    const bool is_value = attribute.has_value && attribute.value_word.touches(offset);
    if (!is_value && !attribute.name_word.touches(offset)) continue;
    cursor.where = is_value ? Cursor::Where::attribute_value : Cursor::Where::attribute_name;
    cursor.word = is_value ? attribute.value_word : attribute.name_word;
    cursor.attribute = i;
    return;
  }
  cursor.attribute = cursor.tag.attributes.size();
  if (!is_blank(text[offset - 1])) return;
  cursor.where = Cursor::Where::attribute_name;
  cursor.word = {offset, offset};
}

}  // namespace

std::string_view CursorTag::value_of(std::string_view attribute) const {
  const auto found = std::ranges::find(attributes, attribute, &Attribute::name);
  return found == attributes.end() ? std::string_view() : found->value;
}

Cursor find_cursor(std::string_view text, std::size_t offset) {
  const Reader reader(text);
  Cursor cursor;
  cursor.word = {offset, offset};
  for (std::size_t i = text.find('<'); i < offset; i = text.find('<', i)) {
    const std::string_view closing = reader.at(i, "<!--")        ? "-->"
                                     : reader.at(i, "<![CDATA[") ? "]]>"
                                     : reader.at(i, "<?")        ? "?>"
                                                                 : "";
    if (!closing.empty()) {
      const std::size_t end = reader.find(closing, i) + closing.size();
      if (offset < end) {
        cursor.where = Cursor::Where::nowhere;
        return cursor;
      }
      i = end;
    } else if (reader.at(i, "</")) {
      const Word name = reader.name_at(i + 2);
      if (offset == i + 1 || name.touches(offset)) {
        cursor.where = offset == i + 1 ? Cursor::Where::nowhere : Cursor::Where::end_tag;
        cursor.word = name;
        return cursor;
      }
      const auto stop = cursor.open.rbegin() + static_cast<std::ptrdiff_t>(std::min(cursor.open.size(), kMostSkipped));
      const auto opened = std::find_if(cursor.open.rbegin(), stop,
                                       [&](const CursorTag& tag) { return tag.name == reader.slice(name); });
      if (opened != stop) cursor.open.erase(opened.base() - 1, cursor.open.end());
      i = name.end;
    } else {
      ReadTag read = reader.tag_at(i);
      if (read.tag.name.empty() && offset != i + 1) {  // no tag
        ++i;
        continue;
      }
      if (offset < read.end || (offset == read.end && !read.is_closed)) {
        cursor.tag = std::move(read.tag);
        place_in_tag(text, offset, cursor);
        return cursor;
      }
      if (!read.is_empty) cursor.open.push_back(std::move(read.tag));
      i = read.end;
    }
  }
  return cursor;
}

CursorTag find_root(std::string_view text) {
  const Reader reader(text);
  for (std::size_t i = text.find('<'); i < text.size(); i = text.find('<', i)) {
    if (reader.at(i, "<!--")) {
      i = reader.find("-->", i);
    } else if (reader.at(i, "<?") || reader.at(i, "<!") || reader.at(i, "</")) {
      ++i;
    } else {
      return reader.tag_at(i).tag;
    }
  }
  return {};
}

}  // namespace pml::cli
