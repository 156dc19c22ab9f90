// The elements of PML as tables: where each may stand, and its attributes in the order in which they are written.
//
// What is wrong in a document is parse_schema.cpp's and parse_prompt.cpp's to say; this is for what writes documents,
// or helps somebody who does. A test holds the two against each other.
#pragma once

#include <span>
#include <string_view>

namespace pml::grammar {

struct AttributeInfo {
  std::string_view name = {};
  std::string_view summary = {};
  std::span<const std::string_view> values = {};  // all that it may be; empty: other texts
  bool is_needed = false;
};

struct ElementInfo {
  std::string_view name = {};
  std::string_view summary = {};
  std::span<const AttributeInfo> attributes = {};
  std::span<const std::string_view> parents = {};  // in a schema
  bool has_content = true;
};

/// Elements of schemas; the root is the first.
std::span<const ElementInfo> schema_elements();
/// Elements of prompts that the language names; the root is the first. Attributes that are not listed are arguments.
std::span<const ElementInfo> prompt_elements();
/// Null if there is none of that name.
const ElementInfo* find_element(std::span<const ElementInfo> elements, std::string_view name);
const AttributeInfo* find_attribute(const ElementInfo& element, std::string_view name);
bool may_stand_in(const ElementInfo& element, std::string_view parent);

}  // namespace pml::grammar
