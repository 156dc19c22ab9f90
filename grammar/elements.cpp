#include "grammar/elements.h"

#include <algorithm>
#include <array>

namespace pml::grammar {
namespace {

constexpr std::array<std::string_view, 2> kBoolean{"true", "false"};
constexpr std::array<std::string_view, 3> kSpaces{"dedent", "collapse", "preserve"};
constexpr std::array<std::string_view, 2> kXmlSpaces{"default", "preserve"};
constexpr std::array<std::string_view, 2> kLayouts{"preserve", "pack"};
constexpr std::array<std::string_view, 4> kContexts{"isolated", "guaranteed", "typical", "adjacent"};
constexpr std::array<std::string_view, 3> kRoles{"system", "user", "assistant"};
constexpr std::array<std::string_view, 2> kParams{"none", "inline"};

constexpr AttributeInfo kContext{"context", "what cached text has seen when it was encoded", kContexts};
constexpr AttributeInfo kSpace{"space", "what happens to blanks and line breaks", kSpaces};
constexpr AttributeInfo kXmlSpace{"xml:space", "`space` in XML's words", kXmlSpaces};

constexpr std::array kSchemaAttributes{
    AttributeInfo{"name", "what a prompt's `schema` says", {}, true},
    AttributeInfo{"version", "any text, for the author"},
    AttributeInfo{"layout", "fixed positions (preserve), or no gaps (pack)", kLayouts},
    kContext,
    AttributeInfo{"repair", "what is computed anew: none, joints, link:N, ratio:R or exact"},
    kSpace,
    kXmlSpace,
};
constexpr std::array kModuleAttributes{
    AttributeInfo{"name", "what prompts select it by", {}, true},
    AttributeInfo{"src", "a text file, lines of one (file#L10-40), or many (src/**/*.py)"},
    AttributeInfo{"required", "present whenever what it stands in is", kBoolean},
    AttributeInfo{"role", "makes it a turn of this role", kRoles},
    AttributeInfo{"params", "inline: {name:10=default} in its text is a parameter", kParams},
    AttributeInfo{"requires", "modules that a prompt with it must have: a and (b or not c)"},
    AttributeInfo{"excludes", "modules that a prompt with it may not have"},
    AttributeInfo{"after", "modules that it stands behind"},
    AttributeInfo{"reserve", "slots behind its text that stay empty"},
    AttributeInfo{"cache", "false: always computed, never stored", kBoolean},
    kContext,
    kSpace,
    kXmlSpace,
};
constexpr std::array kUnionAttributes{
    AttributeInfo{"name", "for people and messages"},
    AttributeInfo{"required", "a prompt selects one of its members", kBoolean},
    AttributeInfo{"scaffold", "the member that stands in for it while encoding"},
};
constexpr std::array kPoolAttributes{AttributeInfo{"name", "for people and messages"}};
constexpr std::array kParameterAttributes{
    AttributeInfo{"name", "what arguments name it by", {}, true},
    AttributeInfo{"length", "its size in tokens", {}, true},
    AttributeInfo{"values", "all that it may hold: a|b|c"},
    AttributeInfo{"required", "a prompt must give the argument", kBoolean},
    AttributeInfo{"default", "the text without an argument"},
    AttributeInfo{"scaffold", "a text that stands in while encoding"},
};
constexpr std::array kSlotAttributes{
    AttributeInfo{"name", "what prompts fill it by", {}, true},
    AttributeInfo{"length", "its size in tokens", {}, true},
};
constexpr std::array kIncludeAttributes{AttributeInfo{"src", "another schema's file", {}, true}};
constexpr std::array kScaffoldAttributes{
    AttributeInfo{"name", "for people and messages"},
    AttributeInfo{"modules", "paths of modules, blanks between them", {}, true},
};
constexpr std::array kPromptAttributes{AttributeInfo{"schema", "the schema's name or path"}, kSpace, kXmlSpace};
constexpr std::array kUseAttributes{AttributeInfo{"module", "the module's path", {}, true}};
constexpr std::array kOpenAttributes{AttributeInfo{"open", "the answer continues it", kBoolean}};

constexpr std::array<std::string_view, 5> kContainers{"schema", "module", "system", "user", "assistant"};
constexpr std::array<std::string_view, 7> kModuleParents{"schema", "module", "union",    "pool",
                                                         "system", "user",   "assistant"};
constexpr std::array<std::string_view, 2> kRoleParents{"schema", "module"};
constexpr std::array<std::string_view, 1> kSchemaOnly{"schema"};

constexpr std::string_view kTurn = "a turn, in the model's own marks";

constexpr std::array kSchemaElements{
    ElementInfo{"schema", "the reusable parts of a family of prompts", kSchemaAttributes},
    ElementInfo{"module", "a named part that a prompt may select", kModuleAttributes, kModuleParents},
    ElementInfo{"union", "alternatives: at most one is selected", kUnionAttributes, kContainers},
    ElementInfo{"pool", "any of its modules, in the prompt's order", kPoolAttributes, kContainers},
    ElementInfo{"parameter", "a hole that the prompt fills", kParameterAttributes, kContainers, false},
    ElementInfo{"slot", "room for free text", kSlotAttributes, kContainers, false},
    ElementInfo{"include", "the children of another document", kIncludeAttributes, kModuleParents, false},
    ElementInfo{"system", kTurn, {}, kRoleParents},
    ElementInfo{"user", kTurn, {}, kRoleParents},
    ElementInfo{"assistant", kTurn, {}, kRoleParents},
    ElementInfo{"scaffold", "modules that are also encoded together", kScaffoldAttributes, kSchemaOnly, false},
};
constexpr std::array kPromptElements{
    ElementInfo{"prompt", "what is said this time", kPromptAttributes},
    ElementInfo{"use", "selects a module by its path", kUseAttributes},
    ElementInfo{"system", kTurn},
    ElementInfo{"user", kTurn},
    ElementInfo{"assistant", kTurn, kOpenAttributes},
};

}  // namespace

std::span<const ElementInfo> schema_elements() { return kSchemaElements; }
std::span<const ElementInfo> prompt_elements() { return kPromptElements; }

const ElementInfo* find_element(std::span<const ElementInfo> elements, std::string_view name) {
  const auto found = std::ranges::find(elements, name, &ElementInfo::name);
  return found == elements.end() ? nullptr : &*found;
}

const AttributeInfo* find_attribute(const ElementInfo& element, std::string_view name) {
  const auto found = std::ranges::find(element.attributes, name, &AttributeInfo::name);
  return found == element.attributes.end() ? nullptr : &*found;
}

bool may_stand_in(const ElementInfo& element, std::string_view parent) {
  return std::ranges::find(element.parents, parent) != element.parents.end();
}

}  // namespace pml::grammar
