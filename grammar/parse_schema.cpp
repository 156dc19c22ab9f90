#include "grammar/parse_schema.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "grammar/attributes.h"
#include "grammar/vocabulary.h"
#include "grammar/whitespace.h"
#include "grammar/xml.h"

namespace pml::grammar {
namespace {

constexpr std::int32_t kMaxLength = 1'000'000;

/// Names that stand in one scope; unions and roles share the scope of the module around them.
struct Scope {
  std::map<std::string, Place, std::less<>> modules;
  std::map<std::string, Place, std::less<>> parameters;
};

/// What a module is a direct member of.
enum class Group : std::uint8_t { none, alternatives, pool };

/// What an element passes on to its children.
struct Surroundings {
  SpaceMode space = SpaceMode::dedent;
  ast::Inherited inherited;
  bool in_role = false;
  Scope* scope = nullptr;
};

class SchemaReader {
 public:
  SchemaReader(SourceSet& sources, const SchemaOptions& options, Diagnostics& diagnostics)
      : sources_(sources), options_(options), diagnostics_(diagnostics) {}

  std::optional<ast::Schema> read(const XmlElement& root) {
    if (root.name != "schema") {
      auto& diagnostic = diagnostics_.add(DiagnosticKind::wrong_root, root.place,
                                          "a schema's root element is `<schema>`, not `<" + root.name + ">`");
      if (root.name == "prompt") diagnostic.notes.push_back({std::nullopt, "this is a prompt; give it with --prompt"});
      return std::nullopt;
    }
    ast::Schema schema;
    schema.place = root.place;
    Attributes attributes(root, {}, diagnostics_);
    if (const auto* name = attributes.require("name")) {
      schema.name = name->value;
      schema.place = name->value_place;
      check_name(*name);
    }
    if (const auto* version = attributes.find("version")) schema.version = version->value;
    if (const auto* layout = attributes.find("layout")) schema.layout = layout_ = read_layout(*layout);
    Scope scope;
    Surroundings here;
    here.scope = &scope;
    here.space = attributes.space(SpaceMode::dedent);
    here.inherited.context = attributes.context();
    schema.repair = attributes.repair();
    attributes.finish();
    schema.inherited = here.inherited;
    children(root, here, schema.children, &schema.scaffolds);
    return schema;
  }

 private:
  // --- elements ---------------------------------------------------------------------------------------

  /// The content of a schema, module or role. `scaffolds` is null where none may stand.
  void children(const XmlElement& element, const Surroundings& here, std::vector<ast::Node>& nodes,
                std::vector<ast::Scaffold>* scaffolds) {
    const std::string indentation = here.space == SpaceMode::dedent ? common_indentation(element) : "";
    for (const XmlNode& child : element.children) {
      if (const auto* text = std::get_if<XmlText>(&child.value)) {
        if (auto content = whitespace_.text(*text, here.space, indentation)) {
          nodes.push_back({ast::Text{sources_.trimmed(text->place), std::move(*content)}});
        }
        continue;
      }
      const auto& inner = std::get<XmlElement>(child.value);
      const std::string kind = understood_name(inner.name);
      if (kind == "module") {
        nodes.push_back({module(inner, here, Group::none)});
      } else if (kind == "union") {
        nodes.push_back({alternatives(inner, here)});
      } else if (kind == "pool") {
        nodes.push_back({pool(inner, here)});
      } else if (kind == "parameter") {
        if (auto hole = parameter(inner, here)) nodes.push_back({std::move(*hole)});
      } else if (role_of(kind)) {
        turn(inner, *role_of(kind), here, nodes);
      } else if (kind == "scaffold" && scaffolds != nullptr) {
        scaffolds->push_back(scaffold(inner));
      } else {
        misplaced(inner, element.name);
      }
      if (kind != inner.name) unknown_element(inner, kind);
    }
  }

  ast::Module module(const XmlElement& element, Surroundings here, Group group) {
    ast::Module result;
    result.place = element.place;
    Attributes attributes(element, {"requires", "excludes", "role", "reserve", "params"}, diagnostics_);
    if (const auto* name = attributes.require("name")) {
      result.name = name->value;
      result.place = name->value_place;
      if (check_name(*name)) declare(here.scope->modules, *name);
    }
    const XmlAttribute* src = attributes.find("src");
    here.inherited.cache = attributes.boolean("cache", here.inherited.cache);
    if (const auto context = attributes.context()) here.inherited.context = context;
    here.space = attributes.space(here.space);
    result.inherited = here.inherited;
    result.required = attributes.boolean("required", false);
    if (result.required) check_may_be_required(*element.attribute("required"), group);
    if (const auto* after = attributes.find("after")) result.after = paths(*after);
    attributes.finish();
    Scope scope;
    here.scope = &scope;
    if (src != nullptr) {
      source_file(element, *src, result);
    } else {
      children(element, here, result.children, nullptr);
    }
    return result;
  }

  void check_may_be_required(const XmlAttribute& required, Group group) {
    if (group == Group::alternatives) {
      diagnostics_.add(DiagnosticKind::required_in_union, required.name_place, "a member of a union cannot be required")
          .notes.push_back({std::nullopt, "make the union required, or put the module outside it"});
    } else if (group == Group::pool) {
      diagnostics_
          .add(DiagnosticKind::required_in_pool, required.name_place,
               "a module of a pool cannot be required: the prompt says which are there, and in what order")
          .notes.push_back({std::nullopt, "put the module before the pool, or behind it"});
    }
  }

  ast::Union alternatives(const XmlElement& element, const Surroundings& here) {
    ast::Union result;
    result.place = element.place;
    Attributes attributes(element, {}, diagnostics_);
    group_name(attributes, here, result.name, result.place);
    result.required = attributes.boolean("required", false);
    const XmlAttribute* scaffold = attributes.find("scaffold");
    attributes.finish();

    const Whitespace::Boundary at_start = whitespace_.boundary();
    bool is_first = true;
    for (const XmlNode& child : element.children) {
      if (const auto* text = std::get_if<XmlText>(&child.value)) {
        text_of_group(*text, "union");
        continue;
      }
      const auto& inner = std::get<XmlElement>(child.value);
      const auto begin = [&] {
        if (!is_first) whitespace_.prepend(at_start);
        is_first = false;
      };
      member(inner, here, Group::alternatives, begin, result.members);
    }
    if (scaffold != nullptr) check_standin(*scaffold, result);
    if (result.required && result.members.empty()) {
      diagnostics_.add(DiagnosticKind::bad_value, element.attribute("required")->name_place,
                       "a union without members cannot be required");
    }
    return result;
  }

  ast::Pool pool(const XmlElement& element, const Surroundings& here) {
    ast::Pool result;
    result.place = element.place;
    Attributes attributes(element, {}, diagnostics_);
    group_name(attributes, here, result.name, result.place);
    attributes.finish();
    if (layout_ != ast::LayoutKind::pack) {
      diagnostics_
          .add(DiagnosticKind::misplaced_element, element.place,
               "`<pool>` may stand only in a schema with layout=\"pack\": its modules have no positions of their own")
          .notes.push_back(
              {std::nullopt, "write <schema layout=\"pack\">, or leave out <pool> to keep the modules' order"});
    }
    // Any member may follow any other, so all begin with the same blank: the one that all blanks between them make.
    whitespace_.pool_tag();
    for (const XmlNode& child : element.children) {
      if (const auto* text = std::get_if<XmlText>(&child.value)) text_of_group(*text, "pool");
    }
    const Whitespace::Boundary between = whitespace_.boundary();
    for (const XmlNode& child : element.children) {
      const auto* inner = std::get_if<XmlElement>(&child.value);
      if (inner == nullptr) continue;
      member(
          *inner, here, Group::pool, [&] { whitespace_.restore(between); }, result.members);
    }
    whitespace_.prepend(between);
    return result;
  }

  void group_name(Attributes& attributes, const Surroundings& here, std::string& text, Place& place) {
    const auto* name = attributes.find("name");
    if (name == nullptr) return;
    text = name->value;
    place = name->value_place;
    if (check_name(*name)) declare(here.scope->modules, *name);
  }

  void text_of_group(const XmlText& text, const std::string& kind) {
    if (!whitespace_.text(text, SpaceMode::collapse, "")) return;
    diagnostics_.add(DiagnosticKind::misplaced_text, sources_.trimmed(text.place),
                     "a " + kind + " holds modules alone, no text");
  }

  /// An element in a union or pool. `begin` is called before a module is read.
  void member(const XmlElement& inner, const Surroundings& here, Group group, const std::function<void()>& begin,
              std::vector<ast::Module>& members) {
    const std::string kind = understood_name(inner.name);
    if (kind == "module") {
      begin();
      members.push_back(module(inner, here, group));
    } else {
      misplaced(inner, group == Group::pool ? "pool" : "union");
    }
    if (kind != inner.name) unknown_element(inner, kind);
  }

  void check_standin(const XmlAttribute& scaffold, ast::Union& alternatives) {
    std::vector<std::string_view> names;
    for (const ast::Module& member : alternatives.members) names.push_back(member.name);
    if (std::find(names.begin(), names.end(), scaffold.value) != names.end()) {
      alternatives.scaffold = scaffold.value;
      return;
    }
    diagnostics_.add(DiagnosticKind::unknown_module, scaffold.value_place,
                     "the union has no member `" + scaffold.value + "`" + did_you_mean(scaffold.value, names));
  }

  std::optional<ast::Parameter> parameter(const XmlElement& element, const Surroundings& here) {
    ast::Parameter result;
    result.place = element.place;
    Attributes attributes(element, {"values"}, diagnostics_);
    const auto* name = attributes.require("name");
    if (name != nullptr) {
      result.name = name->value;
      result.place = name->value_place;
      if (is_reserved_parameter_name(name->value)) {
        diagnostics_.add(DiagnosticKind::reserved_name, name->value_place,
                         "`" + name->value + "` is reserved; a parameter cannot be called that");
      } else if (check_name(*name)) {
        declare(here.scope->parameters, *name);
      }
    }
    const auto length = attributes.positive("length", kMaxLength);
    const auto* default_text = attributes.find("default");
    const auto* standin = attributes.find("scaffold");
    result.required = attributes.boolean("required", false);
    attributes.finish();
    if (default_text != nullptr) result.default_text = default_text->value;
    if (standin != nullptr && default_text == nullptr) result.standin_text = standin->value;
    if (default_text != nullptr || standin != nullptr) {
      result.content_place = (default_text != nullptr ? default_text : standin)->value_place;
    }
    if (default_text != nullptr && standin != nullptr) {
      diagnostics_.add(DiagnosticKind::parameter_conflict, standin->name_place,
                       "a parameter has a `default` or a `scaffold`, not both");
    }
    if (default_text != nullptr && result.required) {
      diagnostics_
          .add(DiagnosticKind::parameter_conflict, element.attribute("required")->name_place,
               "a required parameter has no `default`")
          .notes.push_back({std::nullopt, "a stand-in for encoding is given with `scaffold`"});
    }
    no_content(element);
    result.lead = whitespace_.parameter(here.space);
    if (name == nullptr || !length) return std::nullopt;
    result.length = *length;
    return result;
  }

  void turn(const XmlElement& element, ast::Role role, Surroundings here, std::vector<ast::Node>& nodes) {
    Attributes(element, {}, diagnostics_).finish();
    if (here.in_role) {
      diagnostics_.add(DiagnosticKind::nested_role, element.place, "roles may not nest");
    }
    here.in_role = true;
    whitespace_.role_tag();
    ast::Turn result{role, element.place, {}};
    children(element, here, result.children, nullptr);
    whitespace_.role_tag();
    nodes.push_back({std::move(result)});
  }

  ast::Scaffold scaffold(const XmlElement& element) {
    ast::Scaffold result;
    result.place = element.place;
    Attributes attributes(element, {}, diagnostics_);
    if (const auto* name = attributes.find("name")) {
      result.name = name->value;
      if (check_name(*name)) declare(scaffold_names_, *name);
    }
    if (const auto* modules = attributes.require("modules")) {
      result.modules = paths(*modules);
      if (result.modules.size() < 2) {
        diagnostics_.add(DiagnosticKind::bad_value, modules->value_place, "a scaffold names two modules or more");
      }
    }
    attributes.finish();
    no_content(element);
    return result;
  }

  // --- parts of elements ------------------------------------------------------------------------------

  /// Paths separated by blanks, each with its own place.
  std::vector<ast::Path> paths(const XmlAttribute& attribute) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::string_view raw = sources_.text(attribute.value_place);
    std::vector<ast::Path> result;
    for (std::size_t begin = raw.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
      const std::size_t end = std::min(raw.find_first_of(kBlanks, begin), raw.size());
      Place place = attribute.value_place;
      place.end = place.begin + static_cast<std::uint32_t>(end);
      place.begin += static_cast<std::uint32_t>(begin);
      result.push_back({std::string(raw.substr(begin, end - begin)), place});
      begin = raw.find_first_not_of(kBlanks, end);
    }
    return result;
  }

  void source_file(const XmlElement& element, const XmlAttribute& src, ast::Module& module) {
    if (!element.children.empty() && has_content(element)) {
      diagnostics_.add(DiagnosticKind::src_with_content, src.name_place,
                       "a module has a `src` or content of its own, not both");
      return;
    }
    if (src.value.empty()) {
      diagnostics_.add(DiagnosticKind::bad_value, src.value_place, "`src` is a file's path, not empty");
      return;
    }
    if (src.value.find_first_of("#*?") != std::string::npos && !std::filesystem::exists(options_.folder / src.value)) {
      diagnostics_.add(DiagnosticKind::unsupported, src.value_place,
                       "line ranges and patterns in `src` are not part of this version; name one file");
      return;
    }
    const std::filesystem::path path = options_.folder / src.value;
    std::error_code error;
    const auto real = std::filesystem::canonical(path, error);
    if (error) {
      diagnostics_.add(DiagnosticKind::src_unreadable, src.value_place,
                       ast::in_quotes(src.value) + " cannot be read: " + error.message());
      return;
    }
    if (!is_allowed(real)) {
      diagnostics_
          .add(DiagnosticKind::src_outside, src.value_place,
               ast::in_quotes(src.value) + " lies outside the schema's folder")
          .notes.push_back({std::nullopt, "allow another folder with --allow DIR"});
      return;
    }
    auto text = read_file(real, options_.limits.src_bytes);
    if (!text) {
      diagnostics_.add(DiagnosticKind::src_unreadable, src.value_place,
                       ast::in_quotes(src.value) + " " + text.error().message);
      return;
    }
    src_bytes_ += text->size();
    if (src_bytes_ > options_.limits.all_src_bytes) {
      diagnostics_.add(DiagnosticKind::src_unreadable, src.value_place,
                       "the files that this schema takes in are larger than " +
                           std::to_string(options_.limits.all_src_bytes >> 20) + " MiB together");
      return;
    }
    const SourceId id = sources_.add((options_.folder / src.value).lexically_normal().string(), std::move(*text));
    if (!check_encoding(id, sources_, diagnostics_, ControlCharacters::allowed)) return;
    std::string_view content = sources_[id].text();
    if (content.ends_with('\n')) content.remove_suffix(content.ends_with("\r\n") ? 2 : 1);
    if (content.empty()) return;
    module.children.push_back(
        {ast::Text{{id, 0, static_cast<std::uint32_t>(content.size())}, whitespace_.verbatim(content)}});
  }

  bool is_allowed(const std::filesystem::path& real) const {
    std::vector<std::filesystem::path> folders = options_.allowed;
    folders.push_back(options_.folder.empty() ? "." : options_.folder);
    return std::any_of(folders.begin(), folders.end(), [&](const std::filesystem::path& folder) {
      std::error_code error;
      const auto base = std::filesystem::canonical(folder, error);
      if (error) return false;
      const auto [end, unused] = std::mismatch(base.begin(), base.end(), real.begin(), real.end());
      return end == base.end();
    });
  }

  ast::LayoutKind read_layout(const XmlAttribute& layout) {
    for (const ast::LayoutKind kind : {ast::LayoutKind::preserve, ast::LayoutKind::pack}) {
      if (layout.value == to_string(kind)) return kind;
    }
    diagnostics_.add(DiagnosticKind::bad_value, layout.value_place,
                     "`layout` is preserve or pack, not " + ast::in_quotes(layout.value));
    return ast::LayoutKind::preserve;
  }

  // --- names ------------------------------------------------------------------------------------------

  bool check_name(const XmlAttribute& name) {
    if (is_legal_name(name.value)) return true;
    const bool is_dots = name.value.find_first_not_of('.') == std::string::npos;
    diagnostics_.add(DiagnosticKind::bad_name, name.value_place,
                     name.value.empty() ? "a name may not be empty"
                     : is_dots
                         ? "a name may not be dots alone"
                         : "a name holds letters, digits, `.`, `-` and `_`, unlike " + ast::in_quotes(name.value));
    return false;
  }

  void declare(std::map<std::string, Place, std::less<>>& names, const XmlAttribute& name) {
    const auto [entry, is_new] = names.emplace(name.value, name.value_place);
    if (is_new) return;
    diagnostics_
        .add(DiagnosticKind::duplicate_name, name.value_place,
             "the name `" + name.value + "` stands twice in one scope")
        .notes.push_back({entry->second, "it stands here first"});
  }

  // --- mistakes ---------------------------------------------------------------------------------------

  /// The element's name, or the one that it was probably meant to be, so that its content is still checked.
  static std::string understood_name(const std::string& name) {
    if (is_element_name(name)) return name;
    return nearest(name, element_names()).value_or(name);
  }

  void unknown_element(const XmlElement& element, const std::string& understood) {
    if (element.is_broken) return;  // code such as `vector<int>` is one mistake
    diagnostics_.add(DiagnosticKind::unknown_element, element.place,
                     "`<" + element.name + ">` is not an element of PML; did you mean `" + understood + "`?");
  }

  void misplaced(const XmlElement& element, const std::string& parent) {
    if (is_later_element(element.name)) {
      diagnostics_.add(DiagnosticKind::unsupported, element.place,
                       "`<" + element.name + ">` is not part of this version");
    } else if (is_element_name(element.name)) {
      diagnostics_.add(DiagnosticKind::misplaced_element, element.place,
                       "`<" + element.name + ">` may not stand in `<" + parent + ">`");
    } else if (!element.is_broken && !nearest(element.name, element_names())) {
      diagnostics_
          .add(DiagnosticKind::unknown_element, element.place, "`<" + element.name + ">` is not an element of PML")
          .notes.push_back({std::nullopt, "text that holds `<` goes into <![CDATA[...]]>, or is taken in with `src`"});
    }
    whitespace_.content();
  }

  static bool has_content(const XmlElement& element) {
    return std::any_of(element.children.begin(), element.children.end(), [](const XmlNode& child) {
      const auto* text = std::get_if<XmlText>(&child.value);
      if (text == nullptr) return true;
      return std::any_of(text->pieces.begin(), text->pieces.end(), [](const XmlPiece& piece) {
        return piece.is_literal || piece.text.find_first_not_of(" \t\n") != std::string::npos;
      });
    });
  }

  void no_content(const XmlElement& element) {
    if (has_content(element)) {
      diagnostics_.add(DiagnosticKind::misplaced_text, element.place, "`<" + element.name + ">` has no content");
    }
  }

  SourceSet& sources_;
  const SchemaOptions& options_;
  Diagnostics& diagnostics_;
  Whitespace whitespace_;
  ast::LayoutKind layout_ = ast::LayoutKind::preserve;
  std::uint64_t src_bytes_ = 0;
  std::map<std::string, Place, std::less<>> scaffold_names_;
};

}  // namespace

std::optional<ast::Schema> parse_schema(SourceId source, SourceSet& sources, const SchemaOptions& options,
                                        Diagnostics& diagnostics) {
  const auto document = parse_xml(source, sources, diagnostics);
  if (!document) return std::nullopt;
  return SchemaReader(sources, options, diagnostics).read(document->root);
}

}  // namespace pml::grammar
