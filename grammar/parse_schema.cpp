#include "grammar/parse_schema.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "grammar/attributes.h"
#include "grammar/expression.h"
#include "grammar/inline_parameters.h"
#include "grammar/source_files.h"
#include "grammar/vocabulary.h"
#include "grammar/whitespace.h"
#include "grammar/xml.h"

namespace pml::grammar {
namespace {

constexpr std::int32_t kMaxLength = 1'000'000;
/// Documents of one schema, and how deep they may include each other.
constexpr std::size_t kMostIncludes = 10'000;
constexpr std::size_t kMostIncludedDepth = 32;

/// Names that stand in one scope; unions and roles share the scope of the module around them.
struct Scope {
  std::map<std::string, Place, std::less<>> modules;
  std::map<std::string, Place, std::less<>> parameters;
};

/// What a module is a direct member of.
enum class Group : std::uint8_t { none, alternatives, pool };

/// What is said of a place.
using Mistake = std::tuple<DiagnosticKind, std::uint32_t, std::uint32_t>;

/// What an element passes on to its children.
struct Surroundings {
  SpaceMode space = SpaceMode::dedent;
  ast::Inherited inherited;
  bool in_role = false;
  bool has_inline_parameters = false;  // of the element itself; children do not inherit it
  Scope* scope = nullptr;
};

class SchemaReader {
 public:
  SchemaReader(SourceSet& sources, const SchemaOptions& options, Diagnostics& diagnostics)
      : sources_(sources), diagnostics_(diagnostics), files_(sources, options, diagnostics), folder_(options.folder) {}

  std::optional<ast::Schema> read(const XmlDocument& document) {
    const XmlElement& root = document.root;
    if (document.has_lost_tags) hide_names();
    if (root.name != "schema") {
      if (root.is_broken && !nearest(root.name, {"schema"})) return std::nullopt;  // its tag may be missing
      auto& diagnostic = diagnostics_.add(DiagnosticKind::wrong_root, root.place,
                                          "a schema's root element is `<schema>`, not `<" + root.name + ">`");
      if (root.name == "prompt") diagnostic.notes.push_back({std::nullopt, "this is a prompt; give it with --prompt"});
      if (!nearest(root.name, {"schema"})) return std::nullopt;
    }
    std::error_code error;
    const std::filesystem::path file = std::filesystem::path(sources_[root.place.source].name()).filename();
    included_.push_back(std::filesystem::canonical(folder_ / file, error));  // empty: the schema is no file
    ast::Schema schema;
    schema.place = root.place;
    Attributes attributes(root, diagnostics_);
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
    schema.has_hidden_names = has_hidden_names_;
    return schema;
  }

 private:
  // --- elements ---------------------------------------------------------------------------------------

  /// The content of a schema, module or role. `scaffolds` is null where none may stand.
  void children(const XmlElement& element, const Surroundings& here, std::vector<ast::Node>& nodes,
                std::vector<ast::Scaffold>* scaffolds) {
    const std::string indentation = here.space == SpaceMode::dedent ? common_indentation(element) : "";
    for (const XmlNode& child : element.children) {
      const auto* text = std::get_if<XmlText>(&child.value);
      if (text != nullptr && here.has_inline_parameters) {
        // The indentation is that of the text as a whole: a parameter in it is text.
        for (const XmlNode& part : split_inline_parameters(*text, sources_, diagnostics_)) {
          if (const auto* piece = std::get_if<XmlText>(&part.value)) {
            add_text(*piece, here, indentation, nodes);
          } else if (auto hole = parameter(std::get<XmlElement>(part.value), here)) {
            nodes.push_back({std::move(*hole)});
          }
        }
        continue;
      }
      if (text != nullptr) {
        add_text(*text, here, indentation, nodes);
        continue;
      }
      const auto& inner = std::get<XmlElement>(child.value);
      const std::string kind = understood_name(inner.name);
      if (kind == "include") {
        include(inner, here,
                [&](const XmlElement& root, const Surroundings& inside) { children(root, inside, nodes, scaffolds); });
      } else if (kind == "slot") {
        if (auto room = slot(inner, here)) nodes.push_back({std::move(*room)});
      } else if (kind == "module") {
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
        misplaced(inner, element);
      }
      if (kind != inner.name) unknown_element(inner, kind);
    }
  }

  void add_text(const XmlText& text, const Surroundings& here, std::string_view indentation,
                std::vector<ast::Node>& nodes) {
    if (auto content = whitespace_.text(text, here.space, indentation)) {
      nodes.push_back({ast::Text{sources_.trimmed(text.place), std::move(*content)}});
    }
  }

  /// Reads the root of the document that an `<include>` names as if its children stood here. Its blanks are its own;
  /// everything else that is inherited comes from here, unless it says otherwise.
  void include(const XmlElement& element, Surroundings here,
               const std::function<void(const XmlElement& root, const Surroundings& here)>& read) {
    Attributes attributes(element, diagnostics_);
    const XmlAttribute* src = attributes.require("src");
    attributes.finish();
    no_content(element);
    if (src == nullptr || src->is_broken) return hide_names();
    if (++num_includes_ > kMostIncludes || included_.size() > kMostIncludedDepth) {
      if (!has_too_many_includes_) {
        diagnostics_.add(DiagnosticKind::include_cycle, src->value_place,
                         "a schema includes at most " + std::to_string(kMostIncludes) + " documents, " +
                             std::to_string(kMostIncludedDepth) + " within each other");
      }
      has_too_many_includes_ = true;
      return hide_names();
    }
    const auto document = files_.document(*src, folder_);
    if (!document) return hide_names();
    if (std::ranges::find(included_, document->real) != included_.end()) {
      diagnostics_.add(DiagnosticKind::include_cycle, src->value_place,
                       ast::in_quotes(src->value) + " includes itself, by itself or through others");
      return;
    }
    const std::size_t num_said = diagnostics_.list().size();
    include(*document, std::move(here), read);
    keep_new_mistakes(*document, num_said);
  }

  void include(const SourceFiles::Document& document, Surroundings here,
               const std::function<void(const XmlElement& root, const Surroundings& here)>& read) {
    const auto xml = parse_xml(document.source, sources_, diagnostics_);
    if (!xml) return hide_names();
    if (xml->has_lost_tags) hide_names();
    const XmlElement& root = xml->root;
    if (root.name != "schema") {
      diagnostics_.add(DiagnosticKind::wrong_root, root.place,
                       "the root element of an included document is `<schema>`, not `<" + root.name + ">`");
      if (!nearest(root.name, {"schema"})) return hide_names();
    }
    Attributes its_own(root, diagnostics_);
    for (const char* name : {"name", "version", "repair"}) its_own.find(name);
    const XmlAttribute* layout = its_own.find("layout");
    if (layout != nullptr && read_layout(*layout) != layout_) {
      diagnostics_.add(DiagnosticKind::bad_value, layout->value_place,
                       "this document is included in a schema with layout=\"" + std::string(to_string(layout_)) + "\"");
    }
    here.space = its_own.space(SpaceMode::dedent);
    if (const auto context = its_own.context()) here.inherited.context = context;
    its_own.finish();
    here.has_inline_parameters = false;
    const std::filesystem::path folder = std::exchange(folder_, document.path.parent_path());
    included_.push_back(document.real);
    read(root, here);
    included_.pop_back();
    folder_ = folder;
  }

  /// Of a document that is included several times, each mistake is said once.
  void keep_new_mistakes(const SourceFiles::Document& document, std::size_t num_said) {
    std::set<Mistake>& known = mistakes_in_[document.real];
    std::set<Mistake> found;
    diagnostics_.keep_if(num_said, [&](const Diagnostic& diagnostic) {
      const Place place = sources_.shown(diagnostic.place);
      if (place.source != document.source) return true;
      const Mistake mistake{diagnostic.kind, place.begin, place.end};
      found.insert(mistake);
      return !known.contains(mistake);
    });
    known.merge(found);
  }

  ast::Module module(const XmlElement& element, Surroundings here, Group group) {
    ast::Module result;
    result.place = element.place;
    Attributes attributes(element, diagnostics_);
    const XmlAttribute* name = attributes.require("name");
    if (name == nullptr || !is_legal_name(name->value)) hide_names();
    take_name(name, here.scope->modules, result.name, result.place);
    const XmlAttribute* src = attributes.find("src");
    here.inherited.cache = attributes.boolean("cache", here.inherited.cache);
    if (const auto context = attributes.context()) here.inherited.context = context;
    here.space = attributes.space(here.space);
    result.inherited = here.inherited;
    result.required = attributes.boolean("required", false);
    if (result.required) check_may_be_required(*element.attribute("required"), group);
    if (const auto* after = attributes.find("after")) {
      result.after = paths(*after);
      if (result.after.empty() && !after->is_broken) {
        diagnostics_.add(DiagnosticKind::bad_value, after->value_place, "`after` names a module or more");
      }
    }
    using Kind = ast::Condition::Kind;
    if (const auto* rule = attributes.find("requires")) result.requirement = condition(*rule, Kind::all);
    if (const auto* rule = attributes.find("excludes")) result.exclusion = condition(*rule, Kind::any);
    result.reserve = attributes.positive_if_there("reserve", kMaxLength).value_or(0);
    here.has_inline_parameters = has_inline_parameters(attributes);
    const XmlAttribute* role = attributes.find("role");
    attributes.finish();
    Scope scope;
    here.scope = &scope;
    const auto content = [&](const Surroundings& inside, std::vector<ast::Node>& nodes) {
      if (src != nullptr) {
        source(element, *src, inside, nodes);
      } else {
        children(element, inside, nodes, nullptr);
      }
    };
    const auto turn_role = role == nullptr ? std::nullopt : read_role(*role);
    if (turn_role) {
      turn(*turn_role, role->value_place, here, result.children, content);
    } else {
      content(here, result.children);
    }
    return result;
  }

  std::optional<ast::Condition> condition(const XmlAttribute& rule, ast::Condition::Kind joined_by) {
    if (rule.is_broken) return std::nullopt;
    return parse_condition(decoded_place(rule, sources_), joined_by, sources_, diagnostics_);
  }

  bool has_inline_parameters(Attributes& attributes) {
    const XmlAttribute* params = attributes.find("params");
    if (params == nullptr || params->is_broken || params->value == "none") return false;
    if (params->value == "inline") return true;
    diagnostics_.add(DiagnosticKind::bad_value, params->value_place,
                     "`params` is none or inline, not " + ast::in_quotes(params->value));
    return false;
  }

  std::optional<ast::Role> read_role(const XmlAttribute& attribute) {
    const auto role = role_of(attribute.value);
    if (!role && !attribute.is_broken) {
      diagnostics_.add(DiagnosticKind::bad_value, attribute.value_place,
                       "`role` is system, user or assistant, not " + ast::in_quotes(attribute.value));
    }
    return role;
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
    Attributes attributes(element, diagnostics_);
    take_name(attributes.find("name"), here.scope->modules, result.name, result.place);
    result.required = attributes.boolean("required", false);
    const XmlAttribute* scaffold = attributes.find("scaffold");
    attributes.finish();

    const Whitespace::Boundary at_start = whitespace_.boundary();
    const bool had_hidden_names = std::exchange(has_hidden_names_, element.is_torn);
    bool is_first = true;
    for (const XmlNode& child : element.children) {
      if (const auto* text = std::get_if<XmlText>(&child.value)) {
        if (!element.is_torn) text_of_group(*text, "union");
        continue;
      }
      const auto& inner = std::get<XmlElement>(child.value);
      const auto begin = [&] {
        if (!is_first) whitespace_.prepend(at_start);
        is_first = false;
      };
      member(inner, element, here, Group::alternatives, begin, result.members);
    }
    if (has_hidden_names_) result.required = false;  // one of those may fill it
    if (scaffold != nullptr && !scaffold->is_broken) check_standin(*scaffold, result);
    has_hidden_names_ = has_hidden_names_ || had_hidden_names;
    if (result.required && result.members.empty()) {
      diagnostics_.add(DiagnosticKind::bad_value, element.attribute("required")->name_place,
                       "a union without members cannot be required");
    }
    return result;
  }

  ast::Pool pool(const XmlElement& element, const Surroundings& here) {
    ast::Pool result;
    result.place = element.place;
    Attributes attributes(element, diagnostics_);
    take_name(attributes.find("name"), here.scope->modules, result.name, result.place);
    attributes.finish();
    if (layout_ != ast::LayoutKind::pack && !is_layout_unknown_) {
      diagnostics_
          .add(DiagnosticKind::misplaced_element, element.place,
               "`<pool>` may stand only in a schema with layout=\"pack\": its modules have no positions of their own")
          .notes.push_back(
              {std::nullopt, "write <schema layout=\"pack\">, or leave out <pool> to keep the modules' order"});
    }
    // Any member may follow any other, so all begin with the same blank: the one that all blanks between them make.
    whitespace_.pool_tag();
    for (const XmlNode& child : element.children) {
      const auto* text = std::get_if<XmlText>(&child.value);
      if (text != nullptr && !element.is_torn) text_of_group(*text, "pool");
    }
    const Whitespace::Boundary between = whitespace_.boundary();
    for (const XmlNode& child : element.children) {
      const auto* inner = std::get_if<XmlElement>(&child.value);
      if (inner == nullptr) continue;
      member(
          *inner, element, here, Group::pool, [&] { whitespace_.restore(between); }, result.members);
    }
    whitespace_.prepend(between);
    return result;
  }

  void text_of_group(const XmlText& text, const std::string& kind) {
    if (!whitespace_.text(text, SpaceMode::collapse, "")) return;
    diagnostics_.add(DiagnosticKind::misplaced_text, sources_.trimmed(text.place),
                     "a " + kind + " holds modules alone, no text");
  }

  /// An element in a union or pool, `owner`. `begin` is called before a module is read.
  void member(const XmlElement& inner, const XmlElement& owner, const Surroundings& here, Group group,
              const std::function<void()>& begin, std::vector<ast::Module>& members) {
    const std::string kind = understood_name(inner.name);
    if (kind == "include") {
      include(inner, here, [&](const XmlElement& root, const Surroundings& inside) {
        for (const XmlNode& child : root.children) {
          if (const auto* text = std::get_if<XmlText>(&child.value)) {
            text_of_group(*text, owner.name);
          } else {
            member(std::get<XmlElement>(child.value), owner, inside, group, begin, members);
          }
        }
      });
    } else if (kind == "module") {
      begin();
      members.push_back(module(inner, here, group));
    } else {
      misplaced(inner, owner);
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
    if (has_hidden_names_) return;
    diagnostics_.add(DiagnosticKind::unknown_module, scaffold.value_place,
                     "the union has no member `" + scaffold.value + "`" + did_you_mean(scaffold.value, names));
  }

  std::optional<ast::Parameter> parameter(const XmlElement& element, const Surroundings& here) {
    ast::Parameter result;
    result.place = element.place;
    Attributes attributes(element, diagnostics_);
    const auto* name = attributes.require("name");
    if (name != nullptr && is_reserved_parameter_name(name->value)) {
      diagnostics_.add(DiagnosticKind::reserved_name, name->value_place,
                       "`" + name->value + "` is reserved; a parameter cannot be called that");
    } else {
      take_name(name, here.scope->parameters, result.name, result.place);
    }
    const auto* values = attributes.find("values");
    const auto length = values == nullptr ? attributes.positive("length", kMaxLength)
                                          : attributes.positive_if_there("length", kMaxLength);
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
    if (values != nullptr) read_values(*values, default_text != nullptr ? default_text : standin, result);
    result.lead = whitespace_.parameter(here.space);
    if (name == nullptr || (!length && values == nullptr)) return std::nullopt;
    result.length = length;
    return result;
  }

  /// Values with `|` between them. `content`: the default or stand-in, which is one of them; null: there is none.
  void read_values(const XmlAttribute& values, const XmlAttribute* content, ast::Parameter& parameter) {
    if (values.is_broken) return;
    const std::string_view text = values.value;
    const bool is_raw = sources_.text(values.value_place).size() == text.size();  // no references in it
    std::set<std::string_view> known;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('|', begin), text.size());
      const std::string_view value = text.substr(begin, end - begin);
      Place place = values.value_place;
      if (is_raw) {
        place.end = place.begin + static_cast<std::uint32_t>(end);
        place.begin += static_cast<std::uint32_t>(begin);
      }
      if (value.empty()) {
        diagnostics_.add(DiagnosticKind::bad_value, place, "a value is empty; values are written a|b|c");
      } else if (!known.insert(value).second) {
        diagnostics_.add(DiagnosticKind::duplicate_name, place,
                         "the value " + ast::in_quotes(value) + " stands twice in `values`");
      } else {
        parameter.values.push_back({std::string(value), place});
      }
      begin = end + 1;
    }
    if (content == nullptr || content->is_broken || content->value.empty()) return;
    if (known.contains(content->value) || known.empty()) return;
    std::vector<std::string_view> candidates;
    for (const ast::ParameterValue& value : parameter.values) candidates.push_back(value.text);
    diagnostics_.add(DiagnosticKind::unknown_value, content->value_place,
                     ast::in_quotes(content->value) + " is none of the parameter's values" +
                         did_you_mean(content->value, candidates));
  }

  std::optional<ast::Slot> slot(const XmlElement& element, const Surroundings& here) {
    ast::Slot result;
    result.place = element.place;
    Attributes attributes(element, diagnostics_);
    const auto* name = attributes.require("name");
    // A prompt fills it as it selects a module, so the two share their names.
    take_name(name, here.scope->modules, result.name, result.place);
    const auto length = attributes.positive("length", kMaxLength);
    attributes.finish();
    no_content(element);
    result.lead = whitespace_.parameter(here.space);
    if (name == nullptr || !length) return std::nullopt;
    result.length = *length;
    return result;
  }

  void turn(const XmlElement& element, ast::Role role, const Surroundings& here, std::vector<ast::Node>& nodes) {
    Attributes(element, diagnostics_).finish();
    turn(role, element.place, here, nodes,
         [&](const Surroundings& inside, std::vector<ast::Node>& inner) { children(element, inside, inner, nullptr); });
  }

  /// A turn whose content `read` adds to the nodes that it is given.
  void turn(ast::Role role, const Place& place, Surroundings here, std::vector<ast::Node>& nodes,
            const std::function<void(const Surroundings&, std::vector<ast::Node>&)>& read) {
    if (here.in_role) diagnostics_.add(DiagnosticKind::nested_role, place, "roles may not nest");
    here.in_role = true;
    whitespace_.role_tag();
    ast::Turn result{role, place, {}};
    read(here, result.children);
    whitespace_.role_tag();
    nodes.push_back({std::move(result)});
  }

  ast::Scaffold scaffold(const XmlElement& element) {
    ast::Scaffold result;
    result.place = element.place;
    Attributes attributes(element, diagnostics_);
    if (const auto* name = attributes.find("name")) {
      result.name = name->value;
      if (check_name(*name)) declare(scaffold_names_, *name);
    }
    if (const auto* modules = attributes.require("modules")) {
      result.modules = paths(*modules);
      if (result.modules.size() < 2 && !modules->is_broken) {
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
    if (attribute.is_broken) return {};
    const Place whole = decoded_place(attribute, sources_);
    const std::string_view text = sources_.text(whole);
    std::vector<ast::Path> result;
    for (std::size_t begin = text.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
      const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
      Place place = whole;
      place.end = place.begin + static_cast<std::uint32_t>(end);
      place.begin += static_cast<std::uint32_t>(begin);
      result.push_back({std::string(text.substr(begin, end - begin)), place});
      begin = text.find_first_not_of(kBlanks, end);
    }
    return result;
  }

  /// The content of a module that is a file, or a folder of files.
  void source(const XmlElement& element, const XmlAttribute& src, const Surroundings& here,
              std::vector<ast::Node>& nodes) {
    if (src.is_broken) {
      hide_names();
    } else if (!element.children.empty() && has_content(element)) {
      diagnostics_.add(DiagnosticKind::src_with_content, src.name_place,
                       "a module has a `src` or content of its own, not both");
    } else if (src.value.empty()) {
      diagnostics_.add(DiagnosticKind::bad_value, src.value_place, "`src` is a file's path, not empty");
    } else if (SourceFiles::is_pattern(src.value, folder_)) {
      const auto matches = files_.matches(src, folder_);
      if (!matches) return hide_names();
      for (const SourceFiles::Match& match : *matches) add_file(match, 0, src, here, nodes);
    } else if (const auto text = files_.text(src, folder_)) {
      add_verbatim(*text, here, nodes);
    }
  }

  /// The file as a module, within modules for its folders. Files come in the order of their paths, so the module of a
  /// folder that is there already is the last one.
  void add_file(const SourceFiles::Match& match, std::size_t depth, const XmlAttribute& src, const Surroundings& here,
                std::vector<ast::Node>& nodes) {
    const bool is_file = depth + 1 == match.names.size();
    auto* last = nodes.empty() ? nullptr : std::get_if<ast::Module>(&nodes.back().value);
    if (is_file || last == nullptr || last->name != match.names[depth]) {
      ast::Module module;
      module.name = match.names[depth];
      module.place = src.value_place;
      module.inherited = here.inherited;
      nodes.push_back({std::move(module)});
      last = &std::get<ast::Module>(nodes.back().value);
    }
    if (!is_file) return add_file(match, depth + 1, src, here, last->children);
    whitespace_.new_line();
    add_verbatim(match.text, here, last->children);
  }

  void add_verbatim(const Place& text, Surroundings here, std::vector<ast::Node>& nodes) {
    const std::string_view content = sources_.text(text);
    if (content.empty()) return;
    if (!here.has_inline_parameters) {
      nodes.push_back({ast::Text{text, whitespace_.verbatim(content)}});
      return;
    }
    here.space = SpaceMode::preserve;
    const XmlText whole{text, {{std::string(content), false, text.begin}}};
    for (const XmlNode& part : split_inline_parameters(whole, sources_, diagnostics_)) {
      if (const auto* piece = std::get_if<XmlText>(&part.value)) {
        std::string joined;
        for (const XmlPiece& written : piece->pieces) joined += written.text;
        nodes.push_back({ast::Text{piece->place, whitespace_.verbatim(joined)}});
      } else if (auto hole = parameter(std::get<XmlElement>(part.value), here)) {
        nodes.push_back({std::move(*hole)});
      }
    }
  }

  ast::LayoutKind read_layout(const XmlAttribute& layout) {
    for (const ast::LayoutKind kind : {ast::LayoutKind::preserve, ast::LayoutKind::pack}) {
      if (layout.value == to_string(kind)) return kind;
    }
    is_layout_unknown_ = true;
    if (layout.is_broken) return ast::LayoutKind::preserve;
    diagnostics_.add(DiagnosticKind::bad_value, layout.value_place,
                     "`layout` is preserve or pack, not " + ast::in_quotes(layout.value));
    return ast::LayoutKind::preserve;
  }

  // --- names ------------------------------------------------------------------------------------------

  /// The name of an element, declared in `names`. Null: it has none.
  void take_name(const XmlAttribute* name, std::map<std::string, Place, std::less<>>& names, std::string& text,
                 Place& place) {
    if (name == nullptr) return;
    text = name->value;
    place = name->value_place;
    if (check_name(*name)) declare(names, *name);
  }

  /// What stands here cannot be understood, so modules may be missing.
  void hide_names() { has_hidden_names_ = true; }

  bool check_name(const XmlAttribute& name) {
    if (name.is_broken) {
      hide_names();
      return false;
    }
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

  void misplaced(const XmlElement& element, const XmlElement& parent) {
    const bool is_known = is_element_name(element.name);
    // One that is called something may have been meant as a module.
    if (holds_modules(element) || (!is_known && element.attribute("name") != nullptr)) hide_names();
    if (is_known) {
      // Where a tag is missing, which was said, the element may stand elsewhere.
      if (element.is_broken || parent.is_torn) return;
      diagnostics_.add(DiagnosticKind::misplaced_element, element.place,
                       "`<" + element.name + ">` may not stand in `<" + understood_name(parent.name) + ">`");
    } else if (!element.is_broken && !nearest(element.name, element_names())) {
      diagnostics_
          .add(DiagnosticKind::unknown_element, element.place, "`<" + element.name + ">` is not an element of PML")
          .notes.push_back({std::nullopt, "text that holds `<` goes into <![CDATA[...]]>, or is taken in with `src`"});
    }
    whitespace_.content();
  }

  static bool holds_modules(const XmlElement& element) {
    const std::string kind = understood_name(element.name);
    return kind == "module" || kind == "include" || std::ranges::any_of(element.children, [](const XmlNode& child) {
             const auto* inner = std::get_if<XmlElement>(&child.value);
             return inner != nullptr && holds_modules(*inner);
           });
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
      if (holds_modules(element)) hide_names();
      diagnostics_.add(DiagnosticKind::misplaced_text, element.place, "`<" + element.name + ">` has no content");
    }
  }

  SourceSet& sources_;
  Diagnostics& diagnostics_;
  SourceFiles files_;
  std::filesystem::path folder_;                 // of the document at hand
  std::vector<std::filesystem::path> included_;  // that document and those around it, without symbolic links
  std::map<std::filesystem::path, std::set<Mistake>> mistakes_in_;  // by document that was included
  std::size_t num_includes_ = 0;
  bool has_too_many_includes_ = false;
  Whitespace whitespace_;
  ast::LayoutKind layout_ = ast::LayoutKind::preserve;
  bool is_layout_unknown_ = false;  // a mistake
  bool has_hidden_names_ = false;
  std::map<std::string, Place, std::less<>> scaffold_names_;
};

}  // namespace

std::optional<ast::Schema> parse_schema(SourceId source, SourceSet& sources, const SchemaOptions& options,
                                        Diagnostics& diagnostics) {
  const auto document = parse_xml(source, sources, diagnostics);
  if (!document) return std::nullopt;
  return SchemaReader(sources, options, diagnostics).read(*document);
}

}  // namespace pml::grammar
