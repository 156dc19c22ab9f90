#include "grammar/format.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "grammar/ast.h"
#include "grammar/attributes.h"
#include "grammar/check.h"
#include "grammar/display.h"
#include "grammar/elements.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "grammar/vocabulary.h"
#include "grammar/whitespace.h"
#include "grammar/xml.h"
#include "grammar/xml_scan.h"

namespace pml::grammar {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kContinuation = 4;  // of attributes behind the first
constexpr std::string_view kBlanks = " \t\n";

std::string with_line_feeds(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\r') {
      text.push_back(raw[i]);
    } else if (!raw.substr(i + 1).starts_with('\n')) {
      text.push_back('\n');
    }
  }
  return text;
}

struct Token {
  enum class Kind : std::uint8_t { start_tag, empty_tag, end_tag, comment, blanks, text } kind = Kind::text;
  std::string_view raw;  // of `text`: without blanks, or exempt from whitespace handling
};

/// Reads a well-formed document.
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : rest_(text) {}

  std::vector<Token> tokens() {
    while (!rest_.empty()) {
      if (rest_.starts_with("<!--")) {
        take(Token::Kind::comment, end_of("-->"));
      } else if (rest_.starts_with("<?")) {
        take(Token::Kind::comment, end_of("?>"));
      } else if (constexpr std::string_view kOpen = "<![CDATA["; rest_.starts_with(kOpen)) {
        const std::size_t size = end_of("]]>");
        // One that is empty holds no text, so it means as much as a comment.
        take(size == kOpen.size() + 3 ? Token::Kind::comment : Token::Kind::text, size);
      } else if (rest_.starts_with("</")) {
        take(Token::Kind::end_tag, end_of(">"));
      } else if (rest_.starts_with('<')) {
        const std::size_t size = end_of_tag();
        take(rest_[size - 2] == '/' ? Token::Kind::empty_tag : Token::Kind::start_tag, size);
      } else if (const std::size_t blanks = std::min(rest_.find_first_not_of(kBlanks), rest_.size()); blanks > 0) {
        take(Token::Kind::blanks, blanks);
      } else {
        take(Token::Kind::text, std::min(rest_.find_first_of(" \t\n<"), rest_.size()));
      }
    }
    return std::move(tokens_);
  }

 private:
  std::size_t end_of(std::string_view closing) const {
    const std::size_t at = rest_.find(closing);
    PML_CHECK(at != std::string_view::npos, "the document is well-formed");
    return at + closing.size();
  }

  std::size_t end_of_tag() const {
    std::size_t at = rest_.find_first_of("\"'>");
    while (at != std::string_view::npos && rest_[at] != '>') {
      at = rest_.find_first_of("\"'>", rest_.find(rest_[at], at + 1) + 1);
    }
    PML_CHECK(at != std::string_view::npos, "the document is well-formed");
    return at + 1;
  }

  void take(Token::Kind kind, std::size_t size) {
    tokens_.push_back({kind, rest_.substr(0, size)});
    rest_.remove_prefix(size);
  }

  std::string_view rest_;
  std::vector<Token> tokens_;
};

/// The elements of a tree in document order: that of their start tags.
void flatten(const XmlElement& element, std::vector<const XmlElement*>& list) {
  list.push_back(&element);
  for (const XmlNode& child : element.children) {
    if (const auto* inner = std::get_if<XmlElement>(&child.value)) flatten(*inner, list);
  }
}

class Formatter {
 public:
  Formatter(const SourceSet& sources, const XmlElement& root)
      : sources_(sources),
        is_prompt_(root.name == "prompt"),
        elements_(is_prompt_ ? prompt_elements() : schema_elements()) {
    flatten(root, tags_);
  }

  std::string run(std::span<const Token> tokens) {
    for (std::size_t i = 0; i < tokens.size();) {
      const Token& token = tokens[i];
      if (token.kind == Token::Kind::start_tag || token.kind == Token::Kind::empty_tag) {
        const bool is_empty = token.kind == Token::Kind::empty_tag || tokens[i + 1].kind == Token::Kind::end_tag;
        start_tag(is_empty);
        i += token.kind == Token::Kind::start_tag && is_empty ? 2 : 1;
      } else if (token.kind == Token::Kind::end_tag) {
        put("</" + open_.back().element->name + ">");
        open_.pop_back();
        ++i;
      } else {
        std::size_t end = i;
        while (end < tokens.size() && !is_tag(tokens[end])) ++end;
        const bool is_last = end < tokens.size() && tokens[end].kind == Token::Kind::end_tag;
        content(tokens.subspan(i, end - i), i > 0 && tokens[i - 1].kind == Token::Kind::start_tag, is_last);
        i = end;
      }
    }
    result_.erase(result_.find_last_not_of(kBlanks) + 1);
    return std::move(result_) + "\n";
  }

 private:
  struct Open {
    const XmlElement* element = nullptr;
    SpaceMode mode = SpaceMode::dedent;
    bool is_unknown = false;  // or in one that is
    bool is_preserved = false;
    bool has_inline_parameters = false;
    std::string common;  // indentation of its own text's lines, as written
  };

  static bool is_tag(const Token& token) { return token.kind <= Token::Kind::end_tag; }

  std::string indentation(std::size_t depth) const { return std::string(kIndent * depth, ' '); }

  void put(std::string_view text) {
    result_ += text;
    const std::size_t line_break = text.rfind('\n');
    if (line_break != std::string_view::npos) column_ = 0;
    column_ += characters(text.substr(line_break + 1));  // npos + 1 is 0
  }

  // --- tags -------------------------------------------------------------------------------------------

  void start_tag(bool is_empty) {
    const XmlElement& element = *tags_[next_tag_++];
    const std::size_t depth = open_.size();
    if (depth == 0) begin_line();
    write_tag(element, depth, is_empty);
    if (is_empty) return;
    Open open;
    open.element = &element;
    if (depth > 0) open.mode = open_.back().mode;
    const bool has_mode = is_prompt_ ? depth == 0 : element.name == "schema" || element.name == "module";
    Diagnostics unused;
    if (has_mode) open.mode = Attributes(element, unused).space(open.mode);
    // What is in an element that nobody knows may be meant for an element that preserves blanks.
    open.is_unknown = (!is_prompt_ && !is_element_name(element.name)) || (depth > 0 && open_.back().is_unknown);
    open.is_preserved = open.mode == SpaceMode::preserve || open.is_unknown;
    const XmlAttribute* params = element.attribute("params");
    open.has_inline_parameters = !is_prompt_ && params != nullptr && params->value == "inline";
    if (open.mode == SpaceMode::dedent) open.common = common_indentation(element);
    open_.push_back(std::move(open));
  }

  void write_tag(const XmlElement& element, std::size_t depth, bool is_empty) {
    const std::vector<std::string> attributes = written_attributes(element);
    const std::string close = is_empty ? "/>" : ">";
    std::string line = "<" + element.name;
    for (const std::string& attribute : attributes) line += " " + attribute;
    line += close;
    // Within a line of text a tag is no better for being broken.
    if (attributes.size() < 2 || !at_line_start() || fits(line)) return put(line);
    const std::string separator = "\n" + indentation(depth) + std::string(kContinuation, ' ');
    put("<" + element.name + " " + attributes.front());
    for (std::size_t i = 1; i < attributes.size(); ++i) put(separator + attributes[i]);
    put(close);
  }

  /// `name="value"`, in order.
  std::vector<std::string> written_attributes(const XmlElement& element) const {
    const ElementInfo* info = find_element(elements_, element.name);
    std::vector<const XmlAttribute*> order;
    for (const AttributeInfo& attribute : info == nullptr ? std::span<const AttributeInfo>() : info->attributes) {
      if (const XmlAttribute* found = element.attribute(attribute.name)) order.push_back(found);
    }
    for (const XmlAttribute& attribute : element.attributes) {
      if (info == nullptr || find_attribute(*info, attribute.name) == nullptr) order.push_back(&attribute);
    }
    std::vector<std::string> written;
    for (const XmlAttribute* attribute : order) {
      const std::string_view value = sources_.text(attribute->value_place);
      const char quote = value.find('"') == std::string_view::npos ? '"' : '\'';
      written.push_back(attribute->name + "=" + quote + std::string(value) + quote);
    }
    return written;
  }

  bool at_line_start() const {
    const std::size_t last = result_.find_last_not_of(' ');
    return last == std::string::npos || result_[last] == '\n';
  }

  /// Does the text end within the width, put behind what is there?
  bool fits(std::string_view text) const {
    for (std::size_t before = column_;; before = 0) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (before + characters(text.substr(0, end)) > kWidth) return false;
      if (end == text.size()) return true;
      text.remove_prefix(end + 1);
    }
  }

  static std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !continues_character(c); }));
  }

  // --- content ----------------------------------------------------------------------------------------

  /// What stands between two tags. `is_first`, `is_last`: behind the element's start tag, before its end tag.
  void content(std::span<const Token> tokens, bool is_first, bool is_last) {
    if (open_.empty()) return outside(tokens);
    const Open& open = open_.back();
    if (open.is_preserved) {
      for (const Token& token : tokens) put(token.raw);
      return;
    }
    const auto is_text = [](const Token& token) { return token.kind == Token::Kind::text; };
    const auto first = std::ranges::find_if(tokens, is_text);
    if (first == tokens.end()) return boundary(tokens, is_first, is_last);
    const auto begin = static_cast<std::size_t>(first - tokens.begin());
    std::size_t end = tokens.size();
    while (!is_text(tokens[end - 1])) --end;
    boundary(tokens.first(begin), is_first, false);
    if (open.mode == SpaceMode::collapse) {
      collapsed(tokens.subspan(begin, end - begin), open.has_inline_parameters);
    } else {
      dedented(tokens.subspan(begin, end - begin), open.common);
    }
    boundary(tokens.subspan(end), false, is_last);
  }

  /// Comments and instructions beside the root, each in a line of its own.
  void outside(std::span<const Token> tokens) {
    for (const Token& token : tokens) {
      if (token.kind != Token::Kind::blanks) {
        begin_line();
        put(token.raw);
      } else if (!result_.empty()) {
        put(std::ranges::count(token.raw, '\n') > 1 ? "\n\n" : "\n");
      }
    }
  }

  void begin_line() {
    if (!result_.empty() && !result_.ends_with('\n')) put("\n");
  }

  /// Blanks and comments beside a tag: a line break stays one, other blanks become one. Behind a line break all of them
  /// are line breaks, so that text begins its line at the indentation, which lines have in common.
  void boundary(std::span<const Token> tokens, bool is_first, bool is_last) {
    bool is_behind_line_break = false;
    for (const Token& token : tokens) {
      if (token.kind == Token::Kind::comment) {
        put(token.raw);
        continue;
      }
      const auto line_breaks = std::ranges::count(token.raw, '\n');
      const bool is_at_end = is_last && &token == &tokens.back();
      if (line_breaks == 0 && !is_behind_line_break) {
        put(" ");
        continue;
      }
      is_behind_line_break = true;
      const bool is_beside_parent = is_at_end || (is_first && &token == &tokens.front());
      put(line_breaks > 1 && !is_beside_parent ? "\n\n" : "\n");
      put(indentation(open_.size() - (is_at_end ? 1 : 0)));
    }
  }

  void collapsed(std::span<const Token> tokens, bool has_inline_parameters) {
    for (const Token& token : tokens) {
      if (token.kind != Token::Kind::blanks) {
        put(token.raw);
      } else if (const auto line_breaks = std::ranges::count(token.raw, '\n'); line_breaks > 0) {
        put((line_breaks > 1 ? "\n\n" : "\n") + indentation(open_.size()));
      } else {
        put(has_inline_parameters ? token.raw : " ");  // blanks of a default are text
      }
    }
  }

  /// Lines keep what they are indented beyond `common`; blanks at their ends are text.
  void dedented(std::span<const Token> tokens, std::string_view common) {
    bool at_line_start = false;
    std::string blanks;    // that the line begins with
    std::string comments;  // and those
    for (const Token& token : tokens) {
      if (token.kind == Token::Kind::comment && at_line_start) {
        comments += token.raw;
      } else if (token.kind != Token::Kind::blanks) {
        if (at_line_start) {
          PML_CHECK(blanks.starts_with(common), "all lines have the common indentation");
          put(indentation(open_.size()) + blanks.substr(common.size()) + comments);
        }
        put(token.raw);
        at_line_start = false;
      } else if (const std::size_t line_break = token.raw.find('\n'); line_break == std::string_view::npos) {
        if (at_line_start) {
          blanks += token.raw;
        } else {
          put(token.raw);
        }
      } else {
        if (!at_line_start) {
          put(token.raw.substr(0, line_break));
        } else if (!comments.empty()) {
          put(indentation(open_.size()) + comments);
        }
        put(std::string(static_cast<std::size_t>(std::ranges::count(token.raw, '\n')), '\n'));
        at_line_start = true;
        blanks = token.raw.substr(token.raw.rfind('\n') + 1);
        comments.clear();
      }
    }
  }

  const SourceSet& sources_;
  bool is_prompt_;
  std::span<const ElementInfo> elements_;
  std::vector<const XmlElement*> tags_;
  std::size_t next_tag_ = 0;
  std::vector<Open> open_;
  std::string result_;
  std::size_t column_ = 0;  // characters in its last line
};

/// As `pml check --dump=ast` prints it; nothing if there is none.
std::optional<std::string> tree_of(const std::string& text, bool is_prompt) {
  SchemaOptions options;
  options.folder = "/dev/null";  // files that a schema takes in are not read: their text is no part of the document
  SourceSet sources;
  Diagnostics unused;
  const SourceId source = sources.add("", text);
  if (is_prompt) {
    const auto prompt = parse_prompt(source, sources, unused);
    return prompt ? std::optional(dump(*prompt)) : std::nullopt;
  }
  const auto schema = parse_schema(source, sources, options, unused);
  return schema ? std::optional(dump(*schema)) : std::nullopt;
}

}  // namespace

std::optional<std::string> format(SourceId source, const SourceSet& sources, Diagnostics& diagnostics) {
  const std::size_t num_errors = diagnostics.num_errors();
  const auto document = parse_xml(source, sources, diagnostics);
  if (!document || diagnostics.num_errors() > num_errors) return std::nullopt;
  const bool is_prompt = document->root.name == "prompt";
  if (!is_prompt && document->root.name != "schema") {
    diagnostics.add(DiagnosticKind::wrong_root, document->root.place,
                    "a document's root element is `<schema>` or `<prompt>`, not `<" + document->root.name + ">`");
    return std::nullopt;
  }
  SourceSet own;
  const std::string before = with_line_feeds(sources[source].text());
  const SourceId normalized = own.add("", before);
  Diagnostics unused;
  const auto tree = parse_xml(normalized, own, unused);
  PML_CHECK(tree && !unused.has_errors(), "line breaks do not change the markup");
  std::string text = Formatter(own, tree->root).run(Tokenizer(own[normalized].text()).tokens());
  PML_CHECK(tree_of(text, is_prompt) == tree_of(before, is_prompt), "formatting keeps the meaning");
  return text;
}

}  // namespace pml::grammar
