#include "grammar/diagnostic_help.h"

namespace pml::grammar {
namespace {

using Kind = DiagnosticKind;

constexpr std::string_view kModel = "-m SmolLM2-135M-Instruct.Q4_1.gguf";
constexpr std::string_view kForeignTemplate = "-m SmolLM2-135M-Instruct.Q4_1.gguf --template llama3";

constexpr DiagnosticHelp kHelp[]{
    // --- the file as a text ---
    {.kind = Kind::not_utf8,
     .summary = "the file is not UTF-8",
     .meaning = "A document in another encoding would be read as other characters than its author wrote.",
     .wrong = {.schema = R"(<schema name="cafe">Caf\xE9</schema>
)"},
     .says = R"(schema.pml:1:24: error: the text is not valid UTF-8 here [not-utf8])",
     .cure = "Save the file as UTF-8.",
     .cured = {.schema = R"(<schema name="cafe">Café</schema>
)"}},
    {.kind = Kind::control_character,
     .summary = "a control character other than tab or line break",
     .meaning = "Such a character cannot be seen, and is no part of XML. Files that `src` takes in may hold it.",
     .wrong = {.schema = R"(<schema name="bell">Ring\x07 twice.</schema>
)"},
     .says = R"(schema.pml:1:25: error: the control character U+0007 may not stand in a text [control-character])",
     .cure = "Remove it.",
     .cured = {.schema = R"(<schema name="bell">Ring twice.</schema>
)"}},
    {.kind = Kind::too_deep,
     .summary = "more than 100 elements inside one another, or 300,000 in all",
     .meaning = "The elements of a document are bounded, so that no file can exhaust the machine.",
     .wrong = {.schema = R"(<schema name="deep">
<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>
<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>
<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>
</schema>
)"},
     .says = R"(schema.pml:4:95: error: elements nest deeper than 100 levels [too-deep])",
     .cure = "Put modules beside each other instead of into each other. If the text is not PML, write it as CDATA or "
             "take it in with `src`.",
     .cured = {.schema = R"(<schema name="deep"><![CDATA[<a><a><a>]]></schema>
)"}},

    // --- XML ---
    {.kind = Kind::stray_less_than,
     .summary = "`<` that begins no tag",
     .meaning = "In XML a `<` always begins a tag.",
     .wrong = {.schema = R"(<schema name="sale">Free below 3 < 4 items.</schema>
)"},
     .says = R"(schema.pml:1:34: error: `<` does not begin a tag here [stray-less-than]
    note: write `&lt;`, put code into <![CDATA[...]]>, or take it in with `src`)",
     .cure = "Write `&lt;`, put the text into `<![CDATA[...]]>`, or take it in from a file with `src`.",
     .cured = {.schema = R"(<schema name="sale">Free below 3 &lt; 4 items.</schema>
)"}},
    {.kind = Kind::bare_ampersand,
     .summary = "`&` that begins no reference",
     .meaning = "In XML a `&` begins a reference to a character, such as `&amp;`.",
     .wrong = {.schema = R"(<schema name="firm">Salt & Pepper</schema>
)"},
     .says = R"(schema.pml:1:26: error: `&` begins no character reference [bare-ampersand]
    note: write `&amp;` for the character itself)",
     .cure = "Write `&amp;`.",
     .cured = {.schema = R"(<schema name="firm">Salt &amp; Pepper</schema>
)"}},
    {.kind = Kind::unknown_entity,
     .summary = "an entity such as `&nbsp;`",
     .meaning = "There are five: `&lt;` `&gt;` `&amp;` `&quot;` `&apos;`. Those of HTML are not known.",
     .wrong = {.schema = R"(<schema name="price">5&nbsp;euros</schema>
)"},
     .says = R"(schema.pml:1:23: error: `&nbsp;` is not an entity of PML [unknown-entity]
    note: the entities are &lt; &gt; &amp; &quot; &apos; and characters such as &#233;)",
     .cure = "Write the character itself, or its number.",
     .cured = {.schema = R"(<schema name="price">5&#160;euros</schema>
)"}},
    {.kind = Kind::bad_character_reference,
     .summary = "a number that is no character",
     .meaning = "`&#10;` and `&#xE9;` name a character of Unicode that a text may hold.",
     .wrong = {.schema = R"(<schema name="end">The end&#0;</schema>
)"},
     .says = R"(schema.pml:1:27: error: `&#0;` is not a character [bad-character-reference])",
     .cure = "Write the number of a character, or leave it out.",
     .cured = {.schema = R"(<schema name="end">The end&#46;</schema>
)"}},
    {.kind = Kind::attribute_syntax,
     .summary = "an attribute that is not written `name=\"value\"`",
     .meaning = "It lacks its quotes, its value or a blank before it, or its value holds a `<`.",
     .wrong = {.schema = R"(<schema name=trip>Plan.</schema>
)"},
     .says = R"(schema.pml:1:14: error: the value of `name` must stand in quotes [attribute-syntax])",
     .cure = "Write `name=\"value\"` with a blank before it, and `&lt;` for `<`.",
     .cured = {.schema = R"(<schema name="trip">Plan.</schema>
)"}},
    {.kind = Kind::duplicate_attribute,
     .summary = "the same attribute twice",
     .meaning = "An element has one value for each attribute.",
     .wrong = {.schema = R"(<schema name="trip" name="journey">Plan.</schema>
)"},
     .says = R"(schema.pml:1:21: error: the attribute `name` stands twice [duplicate-attribute]
schema.pml:1:9: note: it stands here first)",
     .cure = "Keep one of them.",
     .cured = {.schema = R"(<schema name="trip">Plan.</schema>
)"}},
    {.kind = Kind::unclosed_element,
     .summary = "an element without an end tag",
     .meaning = "Every element ends with its own tag; the note says where the reader noticed that it does not.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.
</schema>
)"},
     .says = R"(schema.pml:2:4: error: `<module>` is never closed [unclosed-element]
schema.pml:3:3: note: it is still open at this end tag
    note: write `<module/>` if it is empty; code that holds `<` goes into <![CDATA[...]]>, or into a file taken in with `src`)",
     .cure = "Add the end tag, or write `<name/>` for an element without content.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.</module>
</schema>
)"}},
    {.kind = Kind::unmatched_end_tag,
     .summary = "an end tag that closes nothing",
     .meaning = "No element of that name is open where it stands.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.</module></module>
</schema>
)"},
     .says = R"(schema.pml:2:39: error: `</module>` closes nothing that is open [unmatched-end-tag]
schema.pml:1:2: note: `<schema>` is open here)",
     .cure = "Remove it, or correct its name.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.</module>
</schema>
)"}},
    {.kind = Kind::unclosed_markup,
     .summary = "a comment, CDATA section or tag without its end",
     .meaning = "All that follows would belong to it.",
     .wrong = {.schema = R"(<schema name="trip">Plan. <!-- shorter </schema>
)"},
     .says = R"(schema.pml:1:27: error: this comment is never closed [unclosed-markup])",
     .cure = "Close it with `-->`, `]]>` or `>`.",
     .cured = {.schema = R"(<schema name="trip">Plan. <!-- shorter --></schema>
)"}},
    {.kind = Kind::bad_comment,
     .summary = "`--` inside a comment",
     .meaning = "XML allows two hyphens at a comment's end alone.",
     .wrong = {.schema = R"(<schema name="trip">Plan. <!-- shorter -- later --></schema>
)"},
     .says = R"(schema.pml:1:40: error: `--` may not stand inside a comment [bad-comment])",
     .cure = "Write something else in the comment.",
     .cured = {.schema = R"(<schema name="trip">Plan. <!-- shorter, later --></schema>
)"}},
    {.kind = Kind::cdata_end,
     .summary = "`]]>` outside of CDATA",
     .meaning = "XML keeps these three characters for the end of a CDATA section.",
     .wrong = {.schema = R"(<schema name="code">if (a[b[0]]>1) stop</schema>
)"},
     .says = R"(schema.pml:1:30: error: `]]>` ends a CDATA section, but none is open [cdata-end]
    note: in text write `]]&gt;`)",
     .cure = "Write `]]&gt;`, or put the text around it into CDATA.",
     .cured = {.schema = R"(<schema name="code">if (a[b[0]]&gt;1) stop</schema>
)"}},
    {.kind = Kind::doctype,
     .summary = "a document type declaration",
     .meaning = "PML has none: entities that a document declares could read files, or grow without bounds.",
     .wrong = {.schema = R"(<!DOCTYPE schema>
<schema name="trip">Plan.</schema>
)"},
     .says = R"(schema.pml:1:1: error: a document type declaration is not allowed [doctype])",
     .cure = "Remove it.",
     .cured = {.schema = R"(<schema name="trip">Plan.</schema>
)"}},
    {.kind = Kind::xml_declaration,
     .summary = "an XML declaration that is not well-formed, names another encoding than UTF-8, or is not at the start",
     .meaning = "`<?xml ...?>` may be left out; where it is, it is the first thing in a file and tells the truth.",
     .wrong = {.schema = R"(<?xml version="1.0" encoding="ISO-8859-1"?>
<schema name="trip">Plan.</schema>
)"},
     .says = R"(schema.pml:1:31: error: the encoding must be UTF-8 [xml-declaration])",
     .cure = "Save the file as UTF-8 and say so, or remove the declaration.",
     .cured = {.schema = R"(<?xml version="1.0" encoding="UTF-8"?>
<schema name="trip">Plan.</schema>
)"}},
    {.kind = Kind::processing_instruction,
     .summary = "a processing instruction, `<?...`",
     .meaning = "There is nobody whom it could instruct.",
     .wrong = {.schema = R"(<schema name="page"><?php echo 1 ?></schema>
)"},
     .says = R"(schema.pml:1:21: error: `<?` begins an instruction, which is no text [processing-instruction]
    note: write `&lt;?`, put code into <![CDATA[...]]>, or take it in with `src`)",
     .cure = "Remove it; if it is text, put it into CDATA.",
     .cured = {.schema = R"(<schema name="page"><![CDATA[<?php echo 1 ?>]]></schema>
)"}},
    {.kind = Kind::outside_root,
     .summary = "text or a second element beside the root",
     .meaning = "A document is one element; nothing but comments stands beside it.",
     .wrong = {.schema = R"(<schema name="trip">Plan.</schema>
Be brief.
)"},
     .says = R"(schema.pml:2:1: error: text outside the root element [outside-root])",
     .cure = "Move it into the root.",
     .cured = {.schema = R"(<schema name="trip">Plan.
Be brief.</schema>
)"}},
    {.kind = Kind::no_root,
     .summary = "an empty document",
     .meaning = "The file holds no element at all.",
     .wrong = {.schema = R"(<!-- to be written -->
)"},
     .says = R"(schema.pml:1:1: error: the document has no root element [no-root])",
     .cure = "Write a `<schema>`, or a `<prompt>`.",
     .cured = {.schema = R"(<schema name="trip">Plan.</schema>
)"}},

    // --- elements and attributes ---
    {.kind = Kind::wrong_root,
     .summary = "a prompt given as the schema, or the reverse",
     .meaning = "On the command line the schema comes first, the prompt with `--prompt`. An included document is a "
                "`<schema>`, too.",
     .wrong = {.schema = R"(<prompt schema="trip"><user>Where to?</user></prompt>
)"},
     .says = R"(schema.pml:1:2: error: a schema's root element is `<schema>`, not `<prompt>` [wrong-root]
    note: this is a prompt; give it with --prompt)",
     .cure = "Name the other file, or correct the root element.",
     .cured = {.schema = R"(<schema name="trip"><system>Plan.</system></schema>
)"}},
    {.kind = Kind::unknown_element,
     .summary = "an element that PML does not have",
     .meaning = "In a schema every tag is an element of the language; only prompts have elements of other names, which "
                "select modules.",
     .wrong = {.schema = R"(<schema name="trip">
  <modul name="rome">Rome.</modul>
</schema>
)"},
     .says = R"(schema.pml:2:4: error: `<modul>` is not an element of PML; did you mean `module`? [unknown-element])",
     .cure = "Correct the name. Tags that are meant as text go into CDATA, or into a file for `src`.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.</module>
</schema>
)"}},
    {.kind = Kind::misplaced_element,
     .summary = "an element where it may not stand",
     .meaning = "The table of elements says what may stand in what.",
     .wrong = {.schema = R"(<schema name="trip">
  <union>
    <parameter name="days" length="4"/>
    <module name="rome">Rome.</module>
  </union>
</schema>
)"},
     .says = R"(schema.pml:3:6: error: `<parameter>` may not stand in `<union>` [misplaced-element])",
     .cure = "Move it out, or into a module.",
     .cured = {.schema = R"(<schema name="trip">
  <parameter name="days" length="4"/>
  <union>
    <module name="rome">Rome.</module>
  </union>
</schema>
)"}},
    {.kind = Kind::misplaced_text,
     .summary = "text in a union or pool, or content in an element that has none",
     .meaning = "A union holds alternatives, a pool any of its modules; text between them would belong to none. "
                "Parameters, slots, scaffolds and includes say all in their attributes.",
     .wrong = {.schema = R"(<schema name="trip">
  <union>
    Go to
    <module name="rome">Rome.</module>
    <module name="oslo">Oslo.</module>
  </union>
</schema>
)"},
     .says = R"(schema.pml:3:5: error: a union holds modules alone, no text [misplaced-text])",
     .cure = "Put the text before the union, or into its members.",
     .cured = {.schema = R"(<schema name="trip">
  Go to
  <union>
    <module name="rome">Rome.</module>
    <module name="oslo">Oslo.</module>
  </union>
</schema>
)"}},
    {.kind = Kind::unknown_attribute,
     .summary = "an attribute that the element does not have",
     .meaning = "A misspelt attribute would otherwise be without effect.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="rules" requird="true">Be brief.</module>
</schema>
)"},
     .says =
         R"(schema.pml:2:24: error: `<module>` has no attribute `requird`; did you mean `required`? [unknown-attribute])",
     .cure = "Correct the name, or remove it.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="rules" required="true">Be brief.</module>
</schema>
)"}},
    {.kind = Kind::missing_attribute,
     .summary = "an attribute that the element needs",
     .meaning = "Modules, parameters and slots have a name, parameters and slots a length, scaffolds `modules`, "
                "includes `src`, `use` a `module`.",
     .wrong = {.schema = R"(<schema name="letter">
  Dear <parameter name="customer"/>,
</schema>
)"},
     .says = R"(schema.pml:2:9: error: `<parameter>` needs the attribute `length` [missing-attribute])",
     .cure = "Add it.",
     .cured = {.schema = R"(<schema name="letter">
  Dear <parameter name="customer" length="6"/>,
</schema>
)"}},
    {.kind = Kind::bad_value,
     .summary = "a value that an attribute, or a field of a batch, cannot have",
     .meaning = "The message says which values there are.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="rules" required="yes">Be brief.</module>
</schema>
)"},
     .says = R"(schema.pml:2:34: error: `required` is true or false, not "yes" [bad-value])",
     .cure = "Write one of these.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="rules" required="true">Be brief.</module>
</schema>
)"}},
    {.kind = Kind::attribute_conflict,
     .summary = "two attributes that say the same thing",
     .meaning = "`xml:space` is another way to write `space`; if both are there, one of them is not meant.",
     .wrong = {.schema = R"(<schema name="poem" space="collapse" xml:space="preserve">Roses.</schema>
)"},
     .says =
         R"(schema.pml:1:38: error: `xml:space` and `space` say the same thing; write one of them [attribute-conflict])",
     .cure = "Keep one of them.",
     .cured = {.schema = R"(<schema name="poem" space="preserve">Roses.</schema>
)"}},
    {.kind = Kind::bad_inline_parameter,
     .summary = "a brace that begins no parameter, with `params=\"inline\"`",
     .meaning = "In the text of such a module `{name:10}` or `{name:10=default}` is a parameter, so a brace alone is "
                "likely a slip.",
     .wrong = {.schema = R"(<schema name="letter">
  <module name="greeting" params="inline">Dear {customer}, you are {mood:4=welcome}.</module>
</schema>
)"},
     .says =
         R"(schema.pml:2:48: error: `{` begins a parameter here, written {name:10} or {name:10=default} [bad-inline-parameter]
    note: a brace that is text is written {{)",
     .cure = "Give the parameter its length; write a brace that is text as `{{` or `}}`.",
     .cured = {.schema = R"(<schema name="letter">
  <module name="greeting" params="inline">Dear {customer:6}, you are {mood:4=welcome}.</module>
</schema>
)"}},
    {.kind = Kind::bad_expression,
     .summary = "an expression that cannot be read",
     .meaning = "Rules are names of modules with `and`, `or`, `not` and parentheses between them; `--select` takes "
                "modules with "
                "their arguments and what is selected in them.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="visa" requires="passport and">A visa.</module>
  <module name="passport">A passport.</module>
</schema>
)"},
     .says = R"(schema.pml:2:45: error: a module's name, `not` or `(` is expected here [bad-expression])",
     .cure = "Write what is expected at the place that the message names.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="visa" requires="passport">A visa.</module>
  <module name="passport">A passport.</module>
</schema>
)"}},
    {.kind = Kind::bad_json,
     .summary = "JSON that is no prompt, or no line of a batch",
     .meaning =
         "A prompt as JSON is an object with `schema`, `arguments` and `select`, and nothing else; arguments are "
         "strings. A line of a batch is an object with a prompt in one of its forms, what is asked, and how it is "
         "answered.",
     .wrong = {.schema = R"(<schema name="letter">
  <module name="order">Your order <parameter name="number" length="8"/>.</module>
</schema>
)",
               .prompt = R"({"schema": "letter", "select": [{"module": "order", "arguments": {"number": 72}}]}
)"},
     .says = R"(prompt.pml:1:77: error: an argument is a string [bad-json])",
     .cure = "Write what is expected at the place that the message names.",
     .cured = {.prompt = R"({"schema": "letter", "select": [{"module": "order", "arguments": {"number": "72"}}]}
)"}},
    {.kind = Kind::bad_name,
     .summary = "characters that a name or a path cannot hold",
     .meaning =
         "Names hold letters, digits, `.`, `-`, `_` and characters beyond ASCII; a path is names with `/` between "
         "them.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="new york">New York.</module>
</schema>
)"},
     .says = R"(schema.pml:2:17: error: a name holds letters, digits, `.`, `-` and `_`, unlike "new york" [bad-name])",
     .cure = "Choose another name.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="new-york">New York.</module>
</schema>
)"}},
    {.kind = Kind::reserved_name,
     .summary = "a parameter, or an argument, called `module`, `schema`, `space` or `xml:...`",
     .meaning = "These are attributes of prompts and selections themselves.",
     .wrong = {.schema = R"(<schema name="rocket">
  Its <parameter name="module" length="6"/> is ready.
</schema>
)"},
     .says = R"(schema.pml:2:24: error: `module` is reserved; a parameter cannot be called that [reserved-name])",
     .cure = "Choose another name.",
     .cured = {.schema = R"(<schema name="rocket">
  Its <parameter name="stage" length="6"/> is ready.
</schema>
)"}},
    {.kind = Kind::duplicate_name,
     .summary = "a name twice in one scope",
     .meaning = "What a prompt names has to be one thing. Unions, pools and roles do not count: the names in them are "
                "those of the module around them, or of the schema.",
     .wrong = {.schema = R"(<schema name="trip">
  <union>
    <module name="rome">Rome.</module>
    <module name="rome">Roma.</module>
  </union>
</schema>
)"},
     .says = R"(schema.pml:4:19: error: the name `rome` stands twice in one scope [duplicate-name]
schema.pml:3:19: note: it stands here first)",
     .cure = "Rename one of them, or put it into another module.",
     .cured = {.schema = R"(<schema name="trip">
  <union>
    <module name="rome">Rome.</module>
    <module name="roma">Roma.</module>
  </union>
</schema>
)"}},
    {.kind = Kind::parameter_conflict,
     .summary = "`default` together with `scaffold`, or with `required`",
     .meaning =
         "A default stands there where a prompt gives no argument, a stand-in never; a required parameter always "
         "has an argument.",
     .wrong = {.schema = R"(<schema name="letter">
  Dear <parameter name="customer" length="6" default="customer" required="true"/>,
</schema>
)"},
     .says = R"(schema.pml:2:65: error: a required parameter has no `default` [parameter-conflict]
    note: a stand-in for encoding is given with `scaffold`)",
     .cure = "Keep one. A required parameter may have a `scaffold`.",
     .cured = {.schema = R"(<schema name="letter">
  Dear <parameter name="customer" length="6" scaffold="Ms Ito" required="true"/>,
</schema>
)"}},
    {.kind = Kind::required_in_union,
     .summary = "`required` on a member of a union",
     .meaning = "A member that is always there would leave no choice.",
     .wrong = {.schema = R"(<schema name="trip">
  <union>
    <module name="rome" required="true">Rome.</module>
    <module name="oslo">Oslo.</module>
  </union>
</schema>
)"},
     .says = R"(schema.pml:3:25: error: a member of a union cannot be required [required-in-union]
    note: make the union required, or put the module outside it)",
     .cure = "Write `required` on the union, if one of its members has to be there.",
     .cured = {.schema = R"(<schema name="trip">
  <union required="true">
    <module name="rome">Rome.</module>
    <module name="oslo">Oslo.</module>
  </union>
</schema>
)"}},
    {.kind = Kind::required_in_pool,
     .summary = "`required` on a module of a pool",
     .meaning = "The prompt says which modules of a pool are there and in what order; a required one would have no "
                "place.",
     .wrong = {.schema = R"(<schema name="library" layout="pack">
  <pool>
    <module name="rules" required="true">Be quiet.</module>
    <module name="atlas">The atlas.</module>
  </pool>
</schema>
)"},
     .says =
         R"(schema.pml:3:26: error: a module of a pool cannot be required: the prompt says which are there, and in what order [required-in-pool]
    note: put the module before the pool, or behind it)",
     .cure = "Put it before the pool, or behind it.",
     .cured = {.schema = R"(<schema name="library" layout="pack">
  <module name="rules" required="true">Be quiet.</module>
  <pool>
    <module name="atlas">The atlas.</module>
  </pool>
</schema>
)"}},
    {.kind = Kind::nested_role,
     .summary = "a role inside a role",
     .meaning = "A turn of a conversation ends before the next begins. This holds through modules, includes and the "
                "place of a prompt's turn as well.",
     .wrong = {.schema = R"(<schema name="trip">
  <system>
    Plan.
    <module name="example"><user>Rome?</user></module>
  </system>
</schema>
)"},
     .says = R"(schema.pml:4:29: error: roles may not nest [nested-role])",
     .cure = "Close the first role, or move the turn out of it.",
     .cured = {.schema = R"(<schema name="trip">
  <system>
    Plan.
  </system>
  <module name="example"><user>Rome?</user></module>
</schema>
)"}},
    {.kind = Kind::src_unreadable,
     .summary = "a file that is missing, too large, or no regular file",
     .meaning = "Paths are meant from the folder of the document that names them.",
     .wrong = {.schema = R"(<schema name="notes">
  <module name="rules" src="rules.txt"/>
</schema>
)"},
     .says = R"(schema.pml:2:29: error: "rules.txt" cannot be read: No such file or directory [src-unreadable])",
     .cure = "Correct the path, or make the file readable.",
     .cured = {.schema = R"(<schema name="notes">
  <module name="rules" src="house-rules.txt"/>
</schema>
)",
               .files = {{{"house-rules.txt", "Be brief.\n"}}}}},
    {.kind = Kind::src_outside,
     .summary = "a file outside the schema's folder",
     .meaning = "A schema from elsewhere could otherwise read any file of yours.",
     .wrong = {.schema = R"(<schema name="notes">
  <module name="rules" src="../rules.txt"/>
</schema>
)",
               .files = {{{"../rules.txt", "Be brief.\n"}}}},
     .says = R"(schema.pml:2:29: error: "../rules.txt" lies outside the schema's folder [src-outside]
    note: allow another folder with --allow DIR)",
     .cure = "Move the file below the schema's folder, or allow its folder with `--allow DIR`.",
     .cured = {.schema = R"(<schema name="notes">
  <module name="rules" src="rules.txt"/>
</schema>
)",
               .files = {{{"rules.txt", "Be brief.\n"}}}}},
    {.kind = Kind::src_with_content,
     .summary = "`src` and content in one module",
     .meaning = "The text of a module is its file or what stands in it.",
     .wrong = {.schema = R"(<schema name="notes">
  <module name="rules" src="rules.txt">Be brief.</module>
</schema>
)",
               .files = {{{"rules.txt", "Be kind.\n"}}}},
     .says = R"(schema.pml:2:24: error: a module has a `src` or content of its own, not both [src-with-content])",
     .cure = "Keep one of them, or put a module with `src` inside.",
     .cured = {.schema = R"(<schema name="notes">
  <module name="rules">
    <module name="file" src="rules.txt" required="true"/>
    Be brief.
  </module>
</schema>
)",
               .files = {{{"rules.txt", "Be kind.\n"}}}}},
    {.kind = Kind::src_range,
     .summary = "lines of a file that are not there, or not written as lines",
     .meaning = "`file#L10-40` names lines of a file, both included, `file#L10` one, `file#L10-` all from there on.",
     .wrong = {.schema = R"(<schema name="notes">
  <module name="rules" src="rules.txt#L2-9"/>
</schema>
)",
               .files = {{{"rules.txt", "1. Be kind.\n2. Be brief.\n"}}}},
     .says = R"(schema.pml:2:29: error: "rules.txt" has 2 lines, not so many as `#L2-9` [src-range])",
     .cure = "Name lines that the file has.",
     .cured = {.schema = R"(<schema name="notes">
  <module name="rules" src="rules.txt#L2-"/>
</schema>
)",
               .files = {{{"rules.txt", "1. Be kind.\n2. Be brief.\n"}}}}},
    {.kind = Kind::src_pattern,
     .summary = "a pattern that no file matches, or too many",
     .meaning =
         "`*`, `?` and `[...]` stand for parts of a name that does not begin with a dot, `**` for any folders. A "
         "pattern may lead to 10,000 files.",
     .wrong = {.schema = R"(<schema name="notes">
  <module name="chapters" src="*.markdown"/>
</schema>
)",
               .files = {{{"one.md", "The first chapter.\n"}, {"two.md", "The second chapter.\n"}}}},
     .says = R"(schema.pml:2:32: error: no file matches "*.markdown" [src-pattern])",
     .cure = "Correct the pattern.",
     .cured = {.schema = R"(<schema name="notes">
  <module name="chapters" src="*.md"/>
</schema>
)",
               .files = {{{"one.md", "The first chapter.\n"}, {"two.md", "The second chapter.\n"}}}}},
    {.kind = Kind::include_cycle,
     .summary = "a document that includes itself",
     .meaning = "By itself or through others it would never end. A schema includes at most 10,000 documents, 32 within "
                "each other.",
     .wrong = {.schema = R"(<schema name="shop">
  <include src="parts.pml"/>
</schema>
)",
               .files = {{{"parts.pml", R"(<schema name="parts">
  <module name="hat">A hat.</module>
  <include src="parts.pml"/>
</schema>
)"}}}},
     .says = R"(parts.pml:3:17: error: "parts.pml" includes itself, by itself or through others [include-cycle]
schema.pml:2:17: note: the file is taken in here)",
     .cure = "Remove one of the includes on the way.",
     .cured = {.schema = R"(<schema name="shop">
  <include src="parts.pml"/>
</schema>
)",
               .files = {{{"parts.pml", R"(<schema name="parts">
  <module name="hat">A hat.</module>
</schema>
)"}}}}},

    // --- references ---
    {.kind = Kind::unknown_module,
     .summary = "a name that no module has",
     .meaning = "Unions and pools are no part of a path: their members are selected.",
     .wrong = {.schema = R"(<schema name="trip">
  <union name="place">
    <module name="rome">Rome.</module>
    <module name="oslo">Oslo.</module>
  </union>
</schema>
)",
               .prompt = R"(<prompt schema="trip"><place/></prompt>
)"},
     .says =
         R"(prompt.pml:1:24: error: `place` is a union, which is no part of a path; name one of its members: `rome`, `oslo` [unknown-module]
schema.pml:2:16: note: it is declared here)",
     .cure = "Name a module that the schema has.",
     .cured = {.prompt = R"(<prompt schema="trip"><rome/></prompt>
)"}},
    {.kind = Kind::ambiguous_module,
     .summary = "a name that several modules have",
     .meaning =
         "A name is looked for where the selection stands, then in the whole schema, where it has to be the only "
         "one.",
     .wrong = {.schema = R"(<schema name="rooms">
  <module name="house">House. <module name="door">Red door.</module></module>
  <module name="barn">Barn. <module name="door">Green door.</module></module>
</schema>
)",
               .prompt = R"(<prompt schema="rooms"><door/></prompt>
)"},
     .says = R"(prompt.pml:1:25: error: `door` is the name of 2 modules; say which [ambiguous-module]
schema.pml:2:45: note: <use module="house/door"/> is this one
schema.pml:3:43: note: <use module="barn/door"/> is this one)",
     .cure = "Write its path with `use`, or select it inside the module around it.",
     .cured = {.prompt = R"(<prompt schema="rooms"><barn><door/></barn></prompt>
)"}},
    {.kind = Kind::scaffold_conflict,
     .summary = "modules in one scaffold that no prompt has together",
     .meaning = "A scaffold is a set of modules that prompts select together, which two members of a union never are, "
                "nor modules that exclude each other.",
     .wrong = {.schema = R"(<schema name="trip">
  <scaffold modules="sea hills"/>
  <union>
    <module name="sea">The sea.</module>
    <module name="hills">The hills.</module>
  </union>
  <module name="hotel">A hotel.</module>
</schema>
)"},
     .says =
         R"(schema.pml:2:26: error: `hills` and `sea` are alternatives; they are never present together [scaffold-conflict]
schema.pml:2:22: note: the other one is named here)",
     .cure = "Take one of them out, or write two scaffolds.",
     .cured = {.schema = R"(<schema name="trip">
  <scaffold modules="sea hotel"/>
  <union>
    <module name="sea">The sea.</module>
    <module name="hills">The hills.</module>
  </union>
  <module name="hotel">A hotel.</module>
</schema>
)"}},
    {.kind = Kind::wrong_order,
     .summary = "a module before one that its `after` names",
     .meaning = "In a pool the prompt's order is checked, elsewhere the schema's.",
     .wrong = {.schema = R"(<schema name="library" layout="pack">
  <pool>
    <module name="lift">The lift is broken.</module>
    <module name="news" after="lift">The lift is repaired.</module>
  </pool>
</schema>
)",
               .prompt = R"(<prompt schema="library"><news/><lift/></prompt>
)"},
     .says = R"(prompt.pml:1:27: error: `news` must stand behind `lift` [wrong-order]
prompt.pml:1:34: note: `lift` is selected here
schema.pml:4:32: note: the schema says so here)",
     .cure = "Change the order.",
     .cured = {.prompt = R"(<prompt schema="library"><lift/><news/></prompt>
)"}},
    {.kind = Kind::impossible_rule,
     .summary = "rules that no prompt can keep",
     .meaning =
         "What `requires` and `excludes` say, with what unions and `required` say, excludes itself. The notes are "
         "the steps to the contradiction.",
     .wrong = {.schema = R"(<schema name="trip">
  <union>
    <module name="plane">By plane.</module>
    <module name="train" requires="plane">By train.</module>
  </union>
</schema>
)"},
     .says = R"(schema.pml:4:19: error: no prompt can have `train` [impossible-rule]
schema.pml:4:19: note: `train` is an alternative to `plane`
schema.pml:4:36: note: `train` requires "plane")",
     .cure = "Change one of the rules on the way.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="plane">By plane.</module>
  <module name="train" requires="plane">By train.</module>
</schema>
)"}},
    {.kind = Kind::rule_cycle,
     .summary = "a module that requires itself, or stands behind itself, through others",
     .meaning = "Modules that require each other are one module in pieces; which of them is said first has no answer. "
                "Modules of a pool that stand behind each other never stand anywhere.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="visa" requires="passport">A visa.</module>
  <module name="passport" requires="visa">A passport.</module>
</schema>
)"},
     .says = R"(schema.pml:2:17: error: `visa` requires itself, through other modules [rule-cycle]
schema.pml:2:33: note: `visa` requires "passport"
schema.pml:3:37: note: `passport` requires "visa")",
     .cure = "Keep the rule in one direction, or make one module of them.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="visa" requires="passport">A visa.</module>
  <module name="passport">A passport.</module>
</schema>
)"}},
    {.kind = Kind::rules_unsolved,
     .summary = "rules so entangled that it was not found out whether a prompt can keep them",
     .meaning = "The steps of the search are bounded, so the question is left open; each prompt is checked "
                "nevertheless. Here no prompt can "
                "have `all`, because of the first four terms, but the others are tried first.",
     .wrong = {.schema = R"(<schema name="knot">
  <module name="a"/> <module name="b"/> <module name="c"/> <module name="d"/> <module name="e"/>
  <module name="f"/> <module name="g"/> <module name="h"/> <module name="i"/> <module name="j"/>
  <module name="k"/> <module name="l"/> <module name="m"/> <module name="n"/> <module name="o"/>
  <module name="p"/> <module name="q"/> <module name="x"/> <module name="y"/>
  <module name="all" requires="(x or y) (x or not y) (not x or y) (not x or not y)
    (a or not a) (b or not b) (c or not c) (d or not d) (e or not e) (f or not f) (g or not g) (h or not h)
    (i or not i) (j or not j) (k or not k) (l or not l) (m or not m) (n or not n) (o or not o) (p or not p)
    (q or not q) ">All.</module>
</schema>
)"},
     .says =
         R"(schema.pml:6:17: warning: whether a prompt can have `all` was not found out: there are too many combinations to try [rules-unsolved])",
     .cure = "Write simpler rules: unions for what excludes each other, nesting for what needs what is around it.",
     .cured = {.schema = R"(<schema name="knot">
  <union>
    <module name="x">X.</module>
    <module name="y">Y.</module>
  </union>
  <module name="all" requires="x or y">All.</module>
</schema>
)"}},

    // --- prompts ---
    {.kind = Kind::wrong_schema,
     .summary = "a prompt for another schema",
     .meaning = "Its `schema` attribute is the name, or the path, of the schema that it is for.",
     .wrong = {.schema = R"(<schema name="trip">Plan.</schema>
)",
               .prompt = R"(<prompt schema="tripp">To Rome.</prompt>
)"},
     .says = R"(prompt.pml:1:17: error: this prompt is for the schema "tripp", not for "trip" [wrong-schema])",
     .cure = "Correct the attribute, or name the other schema on the command line.",
     .cured = {.prompt = R"(<prompt schema="trip">To Rome.</prompt>
)"}},
    {.kind = Kind::selected_twice,
     .summary = "a module selected, or a slot filled, twice",
     .meaning = "A module is there once or not at all. A scaffold names each of its modules once, too.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.</module>
</schema>
)",
               .prompt = R"(<prompt schema="trip"><rome/><rome/></prompt>
)"},
     .says = R"(prompt.pml:1:31: error: `rome` is selected twice [selected-twice]
prompt.pml:1:24: note: it is selected here first)",
     .cure = "Remove one of them.",
     .cured = {.prompt = R"(<prompt schema="trip"><rome/></prompt>
)"}},
    {.kind = Kind::union_conflict,
     .summary = "two members of one union",
     .meaning = "The members of a union are alternatives, and stand at the same place.",
     .wrong = {.schema = R"(<schema name="trip">
  <union>
    <module name="rome">Rome.</module>
    <module name="oslo">Oslo.</module>
  </union>
</schema>
)",
               .prompt = R"(<prompt schema="trip"><rome/><oslo/></prompt>
)"},
     .says = R"(prompt.pml:1:31: error: `oslo` and `rome` are alternatives; only one can be selected [union-conflict]
prompt.pml:1:24: note: `rome` is selected here)",
     .cure = "Select one of them.",
     .cured = {.prompt = R"(<prompt schema="trip"><oslo/></prompt>
)"}},
    {.kind = Kind::union_empty,
     .summary = "no member of a required union",
     .meaning = "With `required=\"true\"` on the union every prompt that has what is around it has one of its members.",
     .wrong = {.schema = R"(<schema name="trip">
  <union name="place" required="true">
    <module name="rome">Rome.</module>
    <module name="oslo">Oslo.</module>
  </union>
</schema>
)",
               .prompt = R"(<prompt schema="trip"><user>What should we pack?</user></prompt>
)"},
     .says = R"(prompt.pml:1:17: error: the union `place` is required; select one of `rome`, `oslo` [union-empty]
schema.pml:2:16: note: it is declared here)",
     .cure = "Select one.",
     .cured = {.prompt = R"(<prompt schema="trip"><rome/><user>What should we pack?</user></prompt>
)"}},
    {.kind = Kind::rule_broken,
     .summary = "a prompt that does not keep a rule",
     .meaning = "A module that it has `requires` or `excludes` others.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="passport">A passport.</module>
  <module name="visa" requires="passport">A visa.</module>
</schema>
)",
               .prompt = R"(<prompt schema="trip"><visa/></prompt>
)"},
     .says = R"(prompt.pml:1:24: error: `visa` requires "passport" [rule-broken]
schema.pml:3:33: note: the schema says so here
    note: add <use module="passport"/>)",
     .cure = "Do what the note proposes.",
     .cured = {.prompt = R"(<prompt schema="trip"><passport/><visa/></prompt>
)"}},
    {.kind = Kind::unknown_parameter,
     .summary = "an argument without a parameter",
     .meaning = "Arguments belong to the module that the parameter stands in: those of the schema's own text to "
                "`<prompt>`.",
     .wrong = {.schema = R"(<schema name="letter">
  Dear <parameter name="customer" length="6" default="customer"/>,
</schema>
)",
               .prompt = R"(<prompt schema="letter" custommer="Ms Ito"/>
)"},
     .says =
         R"(prompt.pml:1:25: error: the schema has no parameter `custommer`; did you mean `customer`? [unknown-parameter])",
     .cure = "Correct the name, or move the argument to the module that has the parameter.",
     .cured = {.prompt = R"(<prompt schema="letter" customer="Ms Ito"/>
)"}},
    {.kind = Kind::unknown_value,
     .summary = "an argument that is none of the parameter's values",
     .meaning = "A parameter with `values` takes these alone; all of them are encoded beforehand.",
     .wrong = {.schema = R"(<schema name="letter">
  Write in a <parameter name="tone" values="warm|formal"/> tone.
</schema>
)",
               .prompt = R"(<prompt schema="letter" tone="cold"/>
)"},
     .says = R"(prompt.pml:1:31: error: `tone` is one of "warm", "formal", not "cold" [unknown-value]
schema.pml:2:31: note: the parameter is declared here)",
     .cure = "Write one of the values, or add this one to the schema.",
     .cured = {.prompt = R"(<prompt schema="letter" tone="formal"/>
)"}},
    {.kind = Kind::missing_argument,
     .summary = "no argument for a required parameter",
     .meaning = "With `required=\"true\"` every prompt that has the parameter says what stands there.",
     .wrong = {.schema = R"(<schema name="letter">
  <module name="order">Your order <parameter name="number" length="8" required="true"/>.</module>
</schema>
)",
               .prompt = R"(<prompt schema="letter"><order/></prompt>
)"},
     .says = R"(prompt.pml:1:26: error: `order` needs the argument `number` [missing-argument]
schema.pml:2:52: note: it is declared here)",
     .cure = "Give the argument.",
     .cured = {.prompt = R"(<prompt schema="letter"><order number="B-72"/></prompt>
)"}},
    {.kind = Kind::open_turn,
     .summary = "something behind `<assistant open=\"true\">`",
     .meaning = "The answer continues an open turn, so nothing can follow it.",
     .wrong = {.schema = R"(<schema name="quiz"><system>Answer.</system></schema>
)",
               .prompt = R"(<prompt schema="quiz">
  <assistant open="true">The answer is</assistant>
  <user>Is ice warm?</user>
</prompt>
)"},
     .says =
         R"(prompt.pml:2:4: error: an open turn is the last thing in a prompt, but something follows it [open-turn])",
     .cure = "Move it before the turn, or close the turn.",
     .cured = {.prompt = R"(<prompt schema="quiz">
  <user>Is ice warm?</user>
  <assistant open="true">The answer is</assistant>
</prompt>
)"}},
    {.kind = Kind::text_needs_slot,
     .summary = "text before the first selection, or in a selected module without a slot",
     .meaning = "Text stands behind the selection before it, or in a slot that the schema has for it.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.</module>
</schema>
)",
               .prompt = R"(<prompt schema="trip"><rome>in spring</rome></prompt>
)"},
     .says = R"(prompt.pml:1:29: error: this text stands inside `rome`, which has no slot for text [text-needs-slot]
    note: put it after the selections, or give the module a <slot name="..." length="..."/>)",
     .cure = "Put it after the selections, or give the module a slot.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="rome">Rome <slot name="when" length="8"/>.</module>
</schema>
)"}},
    {.kind = Kind::empty_prompt,
     .summary = "nothing at all for the model to read",
     .meaning = "The schema has no text of its own, and the prompt selects and says nothing.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.</module>
</schema>
)",
               .prompt = R"(<prompt schema="trip"/>
)"},
     .says = R"(prompt.pml:1:17: error: this prompt has no text at all [empty-prompt])",
     .cure = "Select something, or add text.",
     .cured = {.prompt = R"(<prompt schema="trip"><rome/></prompt>
)"}},

    // --- with a tokenizer ---
    {.kind = Kind::no_token,
     .summary = "a character that the model has no token for",
     .meaning = "The model would not see it.",
     .wrong = {.schema = R"(<schema name="signs">An unassigned character: &#x40000;</schema>
)"},
     .says = R"(schema.pml:1:47: error: the model has no token for the character U+40000 [no-token])",
     .cure = "Write another character, or its name.",
     .cured = {.schema = R"(<schema name="signs">An unassigned character: U+40000</schema>
)"},
     .model = kModel},
    {.kind = Kind::default_too_long,
     .summary = "a default, stand-in or value longer than its parameter",
     .meaning = "Whatever fills a parameter takes at most `length` tokens, the blank before it included.",
     .wrong = {.schema = R"(<schema name="delivery">
  Deliver <parameter name="when" length="2" default="as soon as possible"/>.
</schema>
)"},
     .says = R"(schema.pml:2:54: error: the default of `when` takes 4 tokens, but its length is 2 [default-too-long]
    note: the blank before the parameter belongs to it and counts)",
     .cure = "Write a larger `length`, or a shorter text.",
     .cured = {.schema = R"(<schema name="delivery">
  Deliver <parameter name="when" length="8" default="as soon as possible"/>.
</schema>
)"},
     .model = kModel},
    {.kind = Kind::argument_too_long,
     .summary = "an argument longer than its parameter",
     .meaning = "An argument takes at most `length` tokens, the blank before it included.",
     .wrong = {.schema = R"(<schema name="delivery">
  Deliver <parameter name="when" length="4" default="today"/>.
</schema>
)",
               .prompt = R"(<prompt schema="delivery" when="on the second Monday of the month"/>
)"},
     .says = R"(prompt.pml:1:33: error: this argument takes 7 tokens, but `when` holds 4 [argument-too-long]
schema.pml:2:28: note: the parameter is declared here
    note: the blank before it belongs to it and counts)",
     .cure = "Write a shorter argument, or a larger `length` in the schema.",
     .cured = {.prompt = R"(<prompt schema="delivery" when="on Monday"/>
)"},
     .model = kModel},
    {.kind = Kind::text_too_long,
     .summary = "text between selections, or in a slot, that does not fit there",
     .meaning = "With `layout=\"preserve\"` what follows has its place whatever stands before it.",
     .wrong = {.schema = R"(<schema name="trip">
  <module name="rome">Rome.</module>
  <module name="hotel">A hotel.</module>
</schema>
)",
               .prompt = R"(<prompt schema="trip">
  <rome/>
  Mind the heat.
  <hotel/>
</prompt>
)"},
     .says =
         R"(prompt.pml:3:3: error: this text takes 5 tokens, but there is room for 0 before the next text of the schema [text-too-long]
    note: put it after the last selection, or make room for it here with a <slot> in the schema)",
     .cure = "Put it after the last selection, or make room for it with a `<slot>`.",
     .cured = {.schema = R"(<schema name="trip">
  <module name="rome">Rome. <slot name="notes" length="16"/></module>
  <module name="hotel">A hotel.</module>
</schema>
)",
               .prompt = R"(<prompt schema="trip">
  <rome>Mind the heat.</rome>
  <hotel/>
</prompt>
)"},
     .model = kModel},
    {.kind = Kind::beyond_context,
     .summary = "more text than the model reads",
     .meaning =
         "A model reads a number of positions; with `layout=\"preserve\"` all of the schema takes its part of them, "
         "with `pack` what is selected.",
     .wrong = {.schema = R"(<schema name="archive">
  <module name="old" reserve="5000">Old notes.</module>
  <module name="new" reserve="5000">New notes.</module>
  Be brief.
</schema>
)"},
     .says =
         R"(schema.pml:4:3: error: this text ends at position 10010, but the model reads 8192 positions [beyond-context])",
     .cure = "Shorten the schema, use `layout=\"pack\"`, or take another model.",
     .cured = {.schema = R"(<schema name="archive" layout="pack">
  <module name="old" reserve="5000">Old notes.</module>
  <module name="new" reserve="5000">New notes.</module>
  Be brief.
</schema>
)"},
     .model = kModel},
    {.kind = Kind::no_chat_template,
     .summary = "roles, with a model whose roles are not known",
     .meaning =
         "`<system>`, `<user>` and `<assistant>` become the model's own special tokens. Here the format of another "
         "model is named.",
     .wrong = {.schema = R"(<schema name="quiz"><system>Answer.</system></schema>
)"},
     .says =
         R"(schema.pml:1:22: error: the chat template uses `<|start_header_id|>`, which is no special token of the model, so `<system>` has no meaning for it [no-chat-template]
    note: name its family with --template chatml, llama3 or qwen
    note: or give its tags with --template-tags FILE, a JSON file)",
     .cure = "Name the format that the model has with `--template` or `--template-tags`, or write the schema without "
             "roles.",
     .cured = {.schema = R"(<schema name="quiz">Answer.</schema>
)"},
     .model = kForeignTemplate},

    // --- right, but likely not what was meant ---
    {.kind = Kind::missing_blank,
     .summary = "text that runs into a parameter or slot",
     .meaning =
         "Nothing adds a blank between a word and the argument behind it. A default or stand-in that begins with a "
         "blank or a sign says that this is meant.",
     .wrong = {.schema = R"(<schema name="trip">
  Stay for<parameter name="days" length="6" default="two weeks"/>.
</schema>
)"},
     .says = R"(schema.pml:2:28: warning: no blank stands between "for" and the parameter `days` [missing-blank]
    note: put a blank or a line break before it; nothing else adds one)",
     .cure = "Put a blank before the parameter.",
     .cured = {.schema = R"(<schema name="trip">
  Stay for <parameter name="days" length="6" default="two weeks"/>.
</schema>
)"}},
    {.kind = Kind::name_needs_use,
     .summary = "a module or slot whose name cannot be that of an element",
     .meaning = "A name that begins with a digit, `.` or `-`, or that is an element of the language, is selected with "
                "`use` alone.",
     .wrong = {.schema = R"(<schema name="shop">
  <module name="45l-pack">A pack.</module>
</schema>
)"},
     .says = R"(schema.pml:2:17: warning: `45l-pack` cannot be the name of an element [name-needs-use]
    note: a prompt has to write <use module="45l-pack"/>)",
     .cure = "Choose another name, or ignore the warning and write `<use module=\"45l-pack\"/>`.",
     .cured = {.schema = R"(<schema name="shop">
  <module name="pack-45l">A pack.</module>
</schema>
)"}},
    {.kind = Kind::text_outside_roles,
     .summary = "text outside of roles, in a schema that has roles",
     .meaning = "A model that was trained on turns has never read text between them.",
     .wrong = {.schema = R"(<schema name="trip">
  Be brief.
  <system>Plan journeys.</system>
</schema>
)"},
     .says =
         R"(schema.pml:2:3: warning: this text stands outside of any role, in a schema that has roles [text-outside-roles]
    note: put it into <system>...</system> or <user>...</user>)",
     .cure = "Put it into a role.",
     .cured = {.schema = R"(<schema name="trip">
  <system>
    Be brief.
    Plan journeys.
  </system>
</schema>
)"}},
    {.kind = Kind::text_behind_schema,
     .summary = "text behind the last selection that does not stand behind it",
     .meaning = "Text after the last selection stands behind everything that the schema holds, also behind its closing "
                "text.",
     .wrong = {.schema = R"(<schema name="report">
  Summarise.
  <union>
    <module name="short">In one sentence.</module>
    <module name="long">In five paragraphs.</module>
  </union>
  That is all.
</schema>
)",
               .prompt = R"(<prompt schema="report">
  <short/>
  Name the author.
</prompt>
)"},
     .says =
         R"(prompt.pml:3:3: warning: this text stands behind everything, not right behind `short` [text-behind-schema]
schema.pml:7:3: note: this text of the schema comes before it
    note: a <slot> in the schema would make room for it where it is written)",
     .cure = "Give the schema a slot for it, or ignore the warning if it may stand there.",
     .cured = {.schema = R"(<schema name="report">
  Summarise.
  <union>
    <module name="short">In one sentence.</module>
    <module name="long">In five paragraphs.</module>
  </union>
  <slot name="wishes" length="16"/>
  That is all.
</schema>
)",
               .prompt = R"(<prompt schema="report">
  <short/>
  <wishes>Name the author.</wishes>
</prompt>
)"}},
    {.kind = Kind::uneven_union,
     .summary = "a member of a union that is much longer than the others",
     .meaning =
         "With `layout=\"preserve\"` a union takes the slots of its longest member, so a prompt with another one "
         "has a gap. It is said where a member takes twice the slots of the next and more than 64 more.",
     .wrong = {.schema = R"(<schema name="trip">
  <union>
    <module name="rome">Rome.</module>
    <module name="oslo" reserve="100">Oslo.</module>
  </union>
</schema>
)"},
     .says =
         R"(schema.pml:4:19: warning: `oslo` takes 103 slots, the longest other member 2: with another member at least 101 stay empty [uneven-union]
    note: shorten it, or write <schema layout="pack">, which leaves no gaps)",
     .cure = "Shorten the member, use `layout=\"pack\"`, or ignore the warning if prompts rarely select another.",
     .cured = {.schema = R"(<schema name="trip" layout="pack">
  <union>
    <module name="rome">Rome.</module>
    <module name="oslo" reserve="100">Oslo.</module>
  </union>
</schema>
)"},
     .model = kModel},
    {.kind = Kind::little_room,
     .summary = "a layout that leaves little of what the model reads",
     .meaning =
         "The prompt's own text and the answer stand behind it; it is said where less than 5 % of the positions or "
         "fewer than 256 are left for them.",
     .wrong = {.schema = R"(<schema name="archive">
  <module name="old" reserve="8000">Old notes.</module>
</schema>
)"},
     .says = R"(schema.pml:1:15: warning: the layout takes 8003 of the 8192 positions that the model reads [little-room]
    note: the prompt's own text and the answer have 189 left)",
     .cure = "Shorten the schema, use `layout=\"pack\"`, or take another model.",
     .cured = {.schema = R"(<schema name="archive">
  <module name="old" reserve="4000">Old notes.</module>
</schema>
)"},
     .model = kModel},
    {.kind = Kind::unlike_standin,
     .summary = "a stand-in of very different length than the argument that replaces it",
     .meaning = "The text behind a parameter is encoded after its stand-in. It is said where an argument is more than "
                "three times as long or as short and more than 8 tokens apart.",
     .wrong = {.schema = R"(<schema name="letter">
  The customer writes: <parameter name="mail" length="64" scaffold="Hello!"/>
  Answer the letter.
</schema>
)",
               .prompt = R"(<prompt schema="letter" mail="I have been waiting for my parcel for three weeks."/>
)"},
     .says =
         R"(prompt.pml:1:31: warning: this argument takes 11 tokens, the stand-in that it replaces 2 tokens [unlike-standin]
schema.pml:2:69: note: what stands behind it was encoded after this one)",
     .cure = "Write a stand-in that is as long as most arguments will be.",
     .cured = {.schema = R"(<schema name="letter">
  The customer writes: <parameter name="mail" length="64" scaffold="My order has not come, and nobody answers."/>
  Answer the letter.
</schema>
)"},
     .model = kModel},
};

static_assert(
    [] {
      std::size_t next = 0;
      for (const DiagnosticHelp& help : kHelp) {
        if (static_cast<std::size_t>(help.kind) != next++) return false;
      }
#define PML_DIAGNOSTIC(identifier, name, severity) --next;
#include "grammar/diagnostic_kinds.def"
#undef PML_DIAGNOSTIC
      return next == 0;
    }(),
    "every kind of diagnostic has its help, in the registry's order");

}  // namespace

const DiagnosticHelp& help_of(DiagnosticKind kind) { return kHelp[static_cast<std::size_t>(kind)]; }

Example cured_example(const DiagnosticHelp& help) {
  Example example = help.cured.schema.empty() ? help.wrong : help.cured;
  example.prompt = help.cured.prompt.empty() ? help.wrong.prompt : help.cured.prompt;
  return example;
}

}  // namespace pml::grammar
