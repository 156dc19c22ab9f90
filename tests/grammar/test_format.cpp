// The canonical form: what it looks like, that it means the same, and that it is its own canonical form.
#include <catch2/catch.hpp>
#include <random>

#include "grammar/ast.h"
#include "grammar/elements.h"
#include "grammar/format.h"
#include "grammar/parse_prompt.h"
#include "grammar/parse_schema.h"
#include "grammar/vocabulary.h"
#include "support/golden.h"

namespace pml::grammar {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> formatted(const std::string& text) {
  SourceSet sources;
  Diagnostics diagnostics;
  return format(sources.add("document.pml", text), sources, diagnostics);
}

/// The tree, with all that the document takes in.
std::string tree(const std::string& text, const fs::path& folder) {
  SourceSet sources;
  Diagnostics diagnostics;
  SchemaOptions options;
  options.folder = folder;
  const SourceId source = sources.add("document.pml", text);
  if (const auto schema = parse_schema(source, sources, options, diagnostics)) return dump(*schema);
  const auto prompt = parse_prompt(source, sources, diagnostics);
  return prompt ? dump(*prompt) : "";
}

/// Every document of the repository: schemas, prompts, and what tests are about.
std::vector<fs::path> documents() {
  const fs::path root = fs::path(PML_TEST_GOLDEN).parent_path().parent_path();
  std::vector<fs::path> list;
  for (const char* folder : {"schemas", "examples", "tests/golden/ast", "tests/golden/diagnostics", "tests/golden/plan",
                             "tests/oracle/cases"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() == ".pml") list.push_back(entry.path());
    }
  }
  std::ranges::sort(list);
  return list;
}

/// Other blanks in other places, and comments.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string mutate(const std::string& text) {
    static const std::vector<std::string> kInserted{" ",
                                                    "  ",
                                                    "\n",
                                                    "\n\n",
                                                    "\n    ",
                                                    "\t",
                                                    "\r\n ",
                                                    "\n \t",
                                                    "<!-- c -->",
                                                    " <!--c--> ",
                                                    "&#32;",
                                                    "<![CDATA[]]>",
                                                    "<![CDATA[ ]]>",
                                                    "\n<!-- a\n b -->\n",
                                                    ""};
    const std::size_t rarity = 2 + random_() % 30;
    std::string result;
    for (const char c : text) {
      const bool is_blank = c == ' ' || c == '\n';
      const bool is_beside_tag = c == '<' || (!result.empty() && result.back() == '>');
      if ((is_blank || is_beside_tag) && random_() % rarity == 0) {
        result += kInserted[random_() % kInserted.size()];
        if (is_blank && random_() % 2 == 0) continue;  // instead of it
      }
      result += c;
    }
    return result;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("the canonical form means the same, and is its own") {
  std::uint64_t seed = 0;
  std::size_t num_formatted = 0;
  for (const fs::path& path : documents()) {
    INFO(path.string());
    const std::string text = test::read_file(path);
    for (int i = 0; i < 30; ++i) {
      const std::string written = i == 0 ? text : Mutator(++seed).mutate(text);
      const auto once = formatted(written);
      if (!once) continue;
      ++num_formatted;
      CAPTURE(seed);
      REQUIRE(tree(*once, path.parent_path()) == tree(written, path.parent_path()));
      REQUIRE(formatted(*once) == once);
      REQUIRE(once->ends_with(">\n"));
      REQUIRE(once->find('\r') == std::string::npos);
    }
  }
  CHECK(num_formatted > 1000);
}

TEST_CASE("the repository's own schemas and prompts are in the canonical form") {
  for (const fs::path& path : documents()) {
    const std::string folder = path.string();
    if (folder.find("/schemas/") == std::string::npos && folder.find("/examples/") == std::string::npos) continue;
    INFO(path.string() << ": pml fmt brings it there");
    CHECK(formatted(test::read_file(path)) == test::read_file(path));
  }
}

TEST_CASE("tags and lines are laid out") {
  const auto [written, expected] = GENERATE(table<std::string, std::string>({
      // Attributes: order, quotes, blanks, width.
      {"<schema  version = '2'\n name=\"a\"></schema>", "<schema name=\"a\" version=\"2\"/>\n"},
      {"<prompt z='1' b='say \"x\"' schema='a'/>", "<prompt schema=\"a\" z=\"1\" b='say \"x\"'/>\n"},
      {"<schema name='a'>\n<module required='true' name='" + std::string(40, 'n') + "' after='" + std::string(40, 'b') +
           "'/>\n</schema>",
       "<schema name=\"a\">\n  <module name=\"" + std::string(40, 'n') + "\"\n      required=\"true\"\n      after=\"" +
           std::string(40, 'b') + "\"/>\n</schema>\n"},
      // Indentation, empty lines, comments beside tags.
      {"<schema name='a'>\n\n\n<!-- one --> <module name='m'>\n\n<module name='n'>x</module>\n\n\n<module "
       "name='o'>y</module></module>\n  \n</schema>\n\n<!-- end -->",
       "<schema name=\"a\">\n  <!-- one -->\n  <module name=\"m\">\n    <module name=\"n\">x</module>\n\n    <module "
       "name=\"o\">y</module></module>\n</schema>\n\n<!-- end -->\n"},
      // dedent: what lines have beyond the common indentation stays, and so do blanks at their ends.
      {"<schema name='a'>\n        List:\n          - one  \n\n\n        <!-- why -->\n        end\n\n\n</schema>",
       "<schema name=\"a\">\n  List:\n    - one  \n\n\n  <!-- why -->\n  end\n</schema>\n"},
      {"<prompt>\n\tone\n\t\ttwo<user>\n three\n  four</user></prompt>",
       "<prompt>\n  one\n  \ttwo<user>\n    three\n     four</user></prompt>\n"},
      // collapse: a run of blanks is a line break or a blank.
      {"<schema name='a' space='collapse'>one   two\n\n\n     three <!-- c --> four</schema>",
       "<schema name=\"a\" space=\"collapse\">one two\n\n  three <!-- c --> four</schema>\n"},
      {"<schema name='a' space='collapse'><module name='m' params='inline'>{p:9=a   b}\n c</module></schema>",
       "<schema name=\"a\" space=\"collapse\"><module name=\"m\" params=\"inline\">{p:9=a   b}\n    "
       "c</module></schema>\n"},
      // As written: preserve, CDATA, references, comments.
      {"<schema name='a'>\n<module name='m' space='preserve'>\n x\n   <module name='n' after='b'  >  y</module>\n"
       "</module></schema>",
       "<schema name=\"a\">\n  <module name=\"m\" space=\"preserve\">\n x\n   <module name=\"n\" after=\"b\">  "
       "y</module>\n"
       "</module></schema>\n"},
      {"<schema name='a'>\r\n<![CDATA[  x\r\n y]]>&#32;&amp;&#xE9;\r\n</schema>",
       "<schema name=\"a\">\n  <![CDATA[  x\n y]]>&#32;&amp;&#xE9;\n</schema>\n"},
      {"<?xml version='1.0'?><!-- a\n   b --><prompt><x></x></prompt>",
       "<?xml version='1.0'?>\n<!-- a\n   b -->\n<prompt><x/></prompt>\n"},
  }));
  CHECK(formatted(written) == expected);
}

TEST_CASE("what is no document of PML is not formatted") {
  for (const char* text : {"", "text", "<schema name='a'>", "<schema name='a'>&nbsp;</schema>", "<a/>", "{}", "\xFF"}) {
    SourceSet sources;
    Diagnostics diagnostics;
    INFO(text);
    CHECK_FALSE(format(sources.add("document.pml", text), sources, diagnostics));
    CHECK(diagnostics.has_errors());
  }
}

TEST_CASE("the tables of elements are what the parser knows") {
  for (const ElementInfo& element : schema_elements()) {
    const bool is_root = element.name == "schema";
    for (const std::string_view parent : is_root ? std::vector<std::string_view>{""}
                                                 : std::vector<std::string_view>{"schema", "module", "union", "pool",
                                                                                 "system", "parameter", "scaffold"}) {
      std::string attributes;
      for (const AttributeInfo& attribute : element.attributes) {
        attributes += " " + std::string(attribute.name) + "=\"" +
                      std::string(attribute.values.empty() ? "x" : attribute.values.front()) + "\"";
      }
      const std::string tag = "<" + std::string(element.name) + attributes + "/>";
      std::string text = is_root ? tag : "<" + std::string(parent) + ">" + tag + "</" + std::string(parent) + ">";
      if (!is_root && parent != "schema") text = "<schema layout=\"pack\">" + text + "</schema>";
      SourceSet sources;
      Diagnostics diagnostics;
      INFO(text);
      parse_schema(sources.add("schema.pml", text), sources, {}, diagnostics);
      bool is_misplaced = false;
      for (const Diagnostic& diagnostic : diagnostics.list()) {
        CHECK(diagnostic.kind != DiagnosticKind::unknown_attribute);
        const bool is_place = diagnostic.kind == DiagnosticKind::misplaced_element ||
                              (diagnostic.kind == DiagnosticKind::nested_role && role_of(element.name)) ||
                              (diagnostic.kind == DiagnosticKind::misplaced_text && parent == "parameter") ||
                              (diagnostic.kind == DiagnosticKind::misplaced_text && parent == "scaffold");
        is_misplaced = is_misplaced || (is_place && diagnostic.message.find("layout=") == std::string::npos);
      }
      if (!is_root) CHECK(is_misplaced != may_stand_in(element, parent));
    }
  }
}

}  // namespace pml::grammar
