#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <sstream>

#include "cli/commands.h"
#include "cli/engine.h"
#include "cli/json_output.h"
#include "cli/messages.h"
#include "cli/quantity.h"
#include "grammar/diagnostics.h"
#include "grammar/display.h"

namespace pml::cli {
namespace {

/// Options that several commands have, in groups.
class OptionTable {
 public:
  explicit OptionTable(Options& options) : options_(options) {}

  void schema(CLI::App& command, bool is_required = true) {
    command.add_option("schema", options_.schema, "The schema, a .pml file")->required(is_required);
    command.add_option("--allow", options_.allowed, "A further folder that `src` may read from")
        ->allow_extra_args(false)
        ->type_name("DIR");
    command
        .add_option_function<std::vector<std::string>>(
            "--ignore",
            [this](const std::vector<std::string>& names) {
              for (const std::string& name : names)
                options_.ignored.insert(diagnostic_kind("--ignore", name, /*is_warning=*/true));
            },
            "Give no warnings of this kind; may be given several times")
        ->allow_extra_args(false)
        ->type_name("KIND");
    output(command);
  }
  void output(CLI::App& command) {
    json_ = command.add_flag("--json", options_.json, "Print one JSON object on standard output");
    command.add_flag("-q,--quiet", options_.quiet, "Print the result alone");
    number(command, "--threads", options_.threads, {0, 1024}, "Threads to use (0: one a core)");
  }
  void prompt(CLI::App& command) {
    command.add_option("--prompt", options_.prompt, "The prompt, a .pml file, or JSON")
        ->check(CLI::Validator(mistake_in_name, ""))
        ->type_name("FILE");
    command
        .add_option("--select", options_.select,
                    R"(What the prompt selects, as plan(duration="two weeks") { beach { maldives } } visa)")
        ->excludes("--prompt")
        ->type_name("EXPR");
    command.add_option("--user", options_.user, "Text of a last user turn")->type_name("TEXT");
  }
  void model(CLI::App& command) {
    command.add_option("-m,--model", options_.model, "The model, a GGUF file or a Hugging Face folder")
        ->type_name("PATH")
        ->envname("PML_MODEL");
    CLI::Option* family = command.add_option("--template", options_.chat_template,
                                             "The chat format of the model: chatml, llama3 or qwen (default: its own)");
    family->check(CLI::IsMember({"chatml", "llama3", "qwen"}))->type_name("FAMILY");
    command
        .add_option("--template-tags", options_.template_tags,
                    R"(The chat format as JSON: {"system": {"open": "...", "close": "..."}, "user": ..., )"
                    R"("assistant": ..., "end": ["..."]})")
        ->excludes(family)
        ->type_name("FILE");
  }
  void folder(CLI::App& command) {
    command.add_option("--store", options_.store, "The store's folder (default: in the user's cache folder)")
        ->check(CLI::Validator(mistake_in_name, ""))
        ->type_name("DIR")
        ->envname("PML_STORE");
  }
  void store(CLI::App& command) {
    folder(command);
    command.add_option("--kv", options_.kv_type, "Type of stored keys and values: f16, bf16 or f32")
        ->check(CLI::IsMember({"f16", "bf16", "f32"}))
        ->type_name("TYPE");
    command
        .add_option(
            "--weights", options_.weights,
            "What weights are kept as: f32, bf16, stored (blocks of 4 to 8 bits as the file has them), q8, q4, or "
            "auto (as compiled; else stored; else what the CPU is good at)")
        ->check(CLI::IsMember({"auto", "f32", "bf16", "stored", "q8", "q4"}))
        ->type_name("TYPE");
    command
        .add_option("--compute", options_.compute,
                    "Arithmetic of products: f32, bf16, or auto (follows from the weights; 16-bit integers for blocks)")
        ->check(CLI::IsMember({"auto", "f32", "bf16"}))
        ->type_name("TYPE");
    command
        .add_option("--context", options_.context,
                    "What cached text has seen: isolated, guaranteed, typical or adjacent (default: as compiled, else "
                    "adjacent)")
        ->check(CLI::IsMember({"isolated", "guaranteed", "typical", "adjacent"}))
        ->type_name("KIND");
  }
  void device(CLI::App& command) {
    command.add_option("--device", options_.device, "Where to compute: cpu")
        ->check(CLI::Validator(mistake_in_device, ""))
        ->type_name("NAME")
        ->capture_default_str();
  }
  void dump(CLI::App& command, const std::string& phase) {
    command.add_option("--dump", options_.dump, "Print the " + phase + " as text")
        ->check(CLI::IsMember({phase}))
        ->excludes(json_)
        ->type_name("PHASE");
  }
  /// What needs no schema.
  void kinds(CLI::App& command) {
    CLI::Option* list =
        command.add_flag("--list-kinds", options_.list_kinds, "List the kinds of diagnostics")->excludes("schema");
    command
        .add_option_function<std::string>(
            "--explain",
            [this](const std::string& name) {
              options_.explained = diagnostic_kind("--explain", name, /*is_warning=*/false);
            },
            "Say what a kind of diagnostic means, with an example and its cure")
        ->excludes("schema")
        ->excludes(list)
        ->type_name("KIND");
  }
  void picture(CLI::App& command, const std::string& description) {
    command.add_option("--svg", options_.svg, description)
        ->check(CLI::Validator(mistake_in_name, ""))
        ->type_name("FILE.svg");
  }
  void page(CLI::App& command) {
    command.add_option("--html", options_.html, "Write the picture as a page that can be zoomed and searched")
        ->check(CLI::Validator(mistake_in_name, ""))
        ->type_name("FILE.html");
  }
  void text(CLI::App& command) {
    command.add_flag("--text", options_.text_only, "Print the bare text alone")->excludes(json_);
  }
  void timing(CLI::App& command) {
    command.add_flag("--timing", options_.timing, "Say where the time went, from the start of the process to its end");
  }
  void prompt_log(CLI::App& command) {
    command
        .add_option(
            "--prompts", options_.prompt_log,
            "Prompts that were asked, one JSON object a line as for run --batch: what they select stands in for "
            "unions and optional modules in typical contexts")
        ->check(CLI::Validator(mistake_in_name, ""))
        ->type_name("FILE.jsonl");
  }
  void scaffolds(CLI::App& command) {
    quantity(command, "--scaffold-size", options_.scaffold_bytes, parse_size,
             "What the schema's scaffolds may take in the store, as 2G; beyond that nothing is compiled")
        ->type_name("SIZE")
        ->default_str("1Gi");
    command.add_flag("--force", options_.force, "Compile scaffolds beyond that size, too");
  }
  void measure(CLI::App& command) {
    number(command, "--measure", options_.measured_prompts, {0, 1 << 16},
           "Choose stand-ins, and rank tokens for --repair ratio, by what they are worth in so many prompts: "
           "those of --prompts, else random ones")
        ->default_str("0, or 8 to rank if the schema says ratio");
  }
  void dry_run(CLI::App& command) {
    command.add_flag("--dry-run", options_.dry_run, "Only say what would be done; nothing is written");
  }
  void fmt(CLI::App& command) {
    command.add_option("files", options_.files, "Schemas and prompts, .pml files; -: standard input")
        ->required()
        ->check(CLI::Validator(mistake_in_name, ""))
        ->type_name("FILE");
    CLI::Option* check =
        command.add_flag("--check", options_.only_checks, "Only name the files that would change, with exit code 1");
    command.add_flag("--stdout", options_.to_stdout, "Print the documents, and leave the files as they are")
        ->excludes(check)
        ->excludes(json_);
  }
  void inspect(CLI::App& command) {
    command.add_flag("--verify", options_.verify, "Read every artifact, and recompute its checksum and digest");
  }
  void gc(CLI::App& command) {
    quantity(command, "--older-than", options_.garbage.older_than_seconds, parse_duration,
             "Remove artifacts that were not used for longer, as 30d; s, m, h, d or w")
        ->type_name("TIME");
    quantity(command, "--max-size", options_.garbage.max_bytes, parse_size,
             "Remove the least recently used artifacts until the others are no larger, as 10G; k, M, G, T are powers "
             "of 1000, Ki, Mi, Gi, Ti of 1024 bytes")
        ->type_name("SIZE");
    quantity(command, "--grace", options_.garbage.grace_seconds, parse_duration,
             "Leave what was used within this time alone (default: 1d)")
        ->type_name("TIME");
  }
  void repair(CLI::App& command) {
    const auto read = [this](const std::string& text) {
      const auto policy = grammar::parse_repair_policy(text);
      if (!policy) throw CLI::ValidationError("--repair", policy.error().message + ", not `" + text + "`");
      options_.repair = *policy;
    };
    command
        .add_option_function<std::string>(
            "--repair", read,
            "Recompute cached rows whose context does not fit: none, joints (short texts between modules), link:N (the "
            "first N tokens of each part), ratio:R (that part of the tokens), or exact (default: the schema's, else "
            "joints)")
        ->type_name("POLICY");
  }
  void automatic(CLI::App& command) {
    quantity(
        command, "--automatic-size", options_.automatic_bytes, parse_size,
        "What the store may hold of artifacts that --repair exact made for single prompts, as 2G; the least recently "
        "used go first")
        ->type_name("SIZE")
        ->default_str("4Gi");
  }
  void verify(CLI::App& command) {
    VerifyOptions& wanted = options_.verification;
    const auto list = [&command](const std::string& name, auto& values, auto parse, const std::string& description) {
      command
          .add_option_function<std::string>(
              name,
              [name, &values, parse](const std::string& text) {
                std::istringstream items(text);
                for (std::string item; std::getline(items, item, ',');) values.push_back(parse(name, item));
              },
              description)
          ->type_name("LIST");
    };
    list(
        "--contexts", wanted.contexts,
        [](const std::string& name, const std::string& item) {
          if (const auto kind = ast::context_kind(item)) return *kind;
          throw CLI::ValidationError(name, "`" + item + "` is none of isolated, guaranteed, typical, adjacent");
        },
        "Kinds of contexts to measure, commas between them (default: all; with a bound the schema's own)");
    list(
        "--repairs", wanted.repairs,
        [](const std::string& name, const std::string& item) {
          const auto policy = grammar::parse_repair_policy(item);
          if (!policy) throw CLI::ValidationError(name, policy.error().message + ", not `" + item + "`");
          return *policy;
        },
        "Repair policies to measure (default: none,joints,exact; with a bound the schema's own)");
    CLI::Option* prompts = command.add_option(
        "--prompts", wanted.prompts, "Measure the prompts of a file, one JSON object a line as for run --batch");
    prompts->check(CLI::Validator(mistake_in_name, ""))->type_name("FILE.jsonl");
    number(command, "--samples", wanted.samples, {0, 1 << 20}, "Prompts to sample, where no file is given")
        ->excludes(prompts);
    command
        .add_option_function<std::string>(
            "--seed",
            [&wanted](const std::string& text) {
              const auto seed = parse_number<std::uint64_t>(text);
              if (!seed) throw CLI::ValidationError("--seed", "`" + text + "` is not a whole number from 0 on");
              wanted.seed = *seed;
            },
            "Seed of the sampling (default: 1)")
        ->type_name("N");
    number(command, "--tokens", wanted.tokens, {1, 4096}, "Tokens of each answer");
    command
        .add_option(
            "--questions", wanted.questions,
            R"(Ask questions, one JSON object a line: {"prompt" or "file", "question", "answer" (how it begins), )"
            R"("right", "wrong": [...]})")
        ->check(CLI::Validator(mistake_in_name, ""))
        ->type_name("FILE.jsonl");
    bound(command, "--max-kl", wanted.max_kl, {0.0, 1e9}, "Fail if the mean KL is larger");
    bound(command, "--min-top1", wanted.min_top1, {0.0, 1.0}, "Fail if fewer tokens, as a part of 1, are the same");
    command.add_flag("--suggest-scaffolds", wanted.suggests_scaffolds,
                     "Measure which pairs of modules are worth a scaffold, and what it would take");
    command.add_option("--plot", wanted.plot, "Write a plot of fidelity against cost")
        ->check(CLI::Validator(mistake_in_name, ""))
        ->type_name("FILE.svg");
  }
  void run(CLI::App& command) {
    command.add_flag("--no-cache", options_.no_cache, "Compute every row: a full prefill of the same tokens");
    number(command, "--max-tokens", options_.max_tokens, runtime::kMaxTokensRange, "Tokens to generate at most");
    number(command, "--logprobs", options_.logprobs, {0, 1 << 16},
           "With --json: the N best log-probabilities of every token")
        ->needs(json_);
    command
        .add_option_function<std::string>(
            "--force-tokens",
            [this](const std::string& text) {
              auto ids = parse_token_ids(text);
              if (!ids) throw CLI::ValidationError("--force-tokens", ids.error().message);
              options_.force_tokens = std::move(*ids);
            },
            "Generate these token IDs instead of choosing")
        ->type_name("ID,ID,...");
    runtime::SamplerOptions& sampler = options_.sampler;
    number(command, "--temperature", sampler.temperature, runtime::kTemperatureRange,
           "Draw tokens at this temperature; 0: the likeliest");
    number(command, "--top-k", sampler.top_k, runtime::kTopKRange, "Draw from the N likeliest tokens alone (0: all)");
    number(command, "--top-p", sampler.top_p, runtime::kTopPRange,
           "Draw from the fewest tokens that are this likely together");
    number(command, "--min-p", sampler.min_p, runtime::kMinPRange,
           "Draw from tokens at least this fraction as likely as the best");
    command
        .add_option_function<std::string>(
            "--seed",
            [&sampler](const std::string& text) {
              const auto seed = parse_number<std::uint64_t>(text);
              if (!seed) {
                throw CLI::ValidationError("--seed", "`" + text + "` is not a whole number from 0 to " +
                                                         std::to_string(std::numeric_limits<std::uint64_t>::max()));
              }
              sampler.seed = *seed;
            },
            "Seed of the drawing (default: a random one, which is reported)")
        ->type_name("N");
    command.add_option("--stop", options_.stop, "End the answer before this text; may be given several times")
        ->take_all()
        ->allow_extra_args(false)
        ->check(CLI::Validator(mistake_in_stop, ""))
        ->type_name("TEXT");
    command
        .add_option("--batch", options_.batch,
                    "Answer the prompts of a file (-: of standard input), one JSON object a line, together")
        ->check(CLI::Validator(mistake_in_name, ""))
        ->excludes("--prompt")
        ->excludes("--select")
        ->excludes("--user")
        ->excludes("--force-tokens")
        ->type_name("FILE.jsonl");
    number(command, "--parallel", options_.parallel, {1, 1024}, "Prompts of a batch that are decoded together at most");
    quantity(command, "--tail-memory", options_.tail_bytes, parse_size,
             "What a batch may keep of finished requests' rows in memory, for those that go on from there, as 2G; 0: "
             "nothing")
        ->type_name("SIZE")
        ->default_str("1Gi");
  }

 private:
  /// An option that holds one number, which CLI11 would read with `strtoull`: other bases, blanks, what does not fit.
  template <typename Number>
  static CLI::Option* number(CLI::App& command, const std::string& name, Number& number,
                             const runtime::OptionRange& range, const std::string& description) {
    const auto read = [name, &number, range](const std::string& text) {
      const auto value = parse_number<Number>(text);
      if (!value || !range.contains(static_cast<double>(*value))) {
        throw CLI::ValidationError(
            name,
            "`" + text + "` is not a " + (std::is_integral_v<Number> ? "whole number " : "number ") + to_string(range));
      }
      number = *value;
    };
    std::ostringstream default_text;
    default_text << number;
    return command.add_option_function<std::string>(name, read, description)
        ->default_str(default_text.str())
        ->type_name("N");
  }

  /// The same for one that has no value unless it is given.
  static void bound(CLI::App& command, const std::string& name, std::optional<double>& value,
                    const runtime::OptionRange& range, const std::string& description) {
    const auto read = [name, &value, range](const std::string& text) {
      value = parse_number<double>(text);
      if (value && range.contains(*value)) return;
      throw CLI::ValidationError(name, "`" + text + "` is not a number " + to_string(range));
    };
    command.add_option_function<std::string>(name, read, description)->type_name("X");
  }

  /// The kind of this name; with `is_warning` no error is meant.
  static grammar::DiagnosticKind diagnostic_kind(const std::string& option, const std::string& name, bool is_warning) {
    const auto may_be = [is_warning](grammar::DiagnosticKind kind) {
      return !is_warning || severity_of(kind) == grammar::Severity::warning;
    };
    const auto kind = grammar::diagnostic_kind(name);
    if (kind && may_be(*kind)) return *kind;
    std::vector<std::string_view> names;
    for (const grammar::DiagnosticKind known : grammar::all_diagnostic_kinds()) {
      if (may_be(known)) names.push_back(name_of(known));
    }
    const std::string mistake = kind         ? "is an error, which cannot be ignored"
                                : is_warning ? "is not a kind of warning"
                                             : "is not a kind of diagnostic";
    const std::string meant = grammar::did_you_mean(name, names);
    throw CLI::ValidationError(
        option, "`" + name + "` " + mistake + (kind || !meant.empty() ? meant : "; see pml check --list-kinds"));
  }

  // What is wrong with an option's text; empty: nothing.

  static std::string mistake_in_name(const std::string& text) { return text.empty() ? "the name is empty" : ""; }
  static std::string mistake_in_device(const std::string& text) {
    return text == "cpu" ? "" : "`" + text + "` is no device that this version computes on; there is `cpu`";
  }
  static std::string mistake_in_stop(const std::string& text) {
    if (text.empty()) return "an empty text stands before every answer";
    const std::size_t at = grammar::find_invalid_utf8(text);
    return at == std::string::npos ? "" : "the text is not UTF-8: mistake at byte " + std::to_string(at + 1);
  }

  /// An option whose text `parse` turns into a number.
  template <typename Value, typename Number>
  CLI::Option* quantity(CLI::App& command, const char* name, Value& value, Result<Number> (*parse)(std::string_view),
                        const char* description) {
    const auto read = [name, &value, parse](const std::string& text) {
      const auto number = parse(text);
      if (!number) throw CLI::ValidationError(name, number.error().message);
      value = *number;
    };
    return command.add_option_function<std::string>(name, read, description);
  }

  Options& options_;
  CLI::Option* json_ = nullptr;  // of the command that is being set up
};

/// The commands of the program, each with the function that it calls.
class Commands {
 public:
  explicit Commands(CLI::App& app) : app_(app) {}

  CLI::App& add(const std::string& name, const std::string& description, const std::string& example, Command call) {
    CLI::App& command = *app_.add_subcommand(name, description);
    command.footer("Example: " + example);
    calls_[&command] = call;
    return command;
  }
  Command call_of(const CLI::App& command) const { return calls_.at(&command); }

 private:
  CLI::App& app_;
  std::map<const CLI::App*, Command> calls_;
};

int run_with_engine(const Options& options) { return run_in_engine(EngineCommand::run, options); }
int verify_with_engine(const Options& options) { return run_in_engine(EngineCommand::verify, options); }

void declare(Commands& commands, OptionTable& table) {
  CLI::App& check_command = commands.add("check", "Find the mistakes in a schema, and in a prompt",
                                         "pml check schemas/travel.pml --prompt examples/travel-beach.pml\n"
                                         "         pml check --explain union-conflict",
                                         check);
  table.schema(check_command, /*is_required=*/false);
  table.kinds(check_command);
  table.prompt(check_command);
  table.model(check_command);
  table.dump(check_command, "ast");

  CLI::App& fmt_command = commands.add("fmt", "Write schemas and prompts in their canonical form",
                                       "pml fmt schemas/*.pml\n         pml fmt --check schemas/*.pml", fmt);
  table.output(fmt_command);
  table.fmt(fmt_command);

  CLI::App& layout_command =
      commands.add("layout", "Show where every element stands, as text or as a picture",
                   "pml layout schemas/travel.pml -m model.gguf\n         pml layout schemas/travel.pml --html "
                   "travel.html --prompt examples/travel-beach.pml",
                   layout);
  table.schema(layout_command);
  table.prompt(layout_command);
  table.picture(layout_command,
                "Draw the slots: nested modules, unions, parameters, scaffolds, and what a prompt selects");
  table.page(layout_command);
  table.model(layout_command);
  table.dump(layout_command, "layout");

  CLI::App& lsp_command = commands.add("lsp", "Serve an editor: mistakes, completion, hover, definitions, formatting",
                                       "pml lsp -m model.gguf (see docs/editors.md)", lsp);
  table.model(lsp_command);

  CLI::App& render_command =
      commands.add("render", "Print a prompt's final text, its segments and tokens",
                   "pml render schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf", render);
  table.schema(render_command);
  table.prompt(render_command);
  table.model(render_command);
  table.text(render_command);

  CLI::App& compile_command = commands.add("compile", "Encode a schema's parts into the store",
                                           "pml compile schemas/travel.pml -m model.gguf", compile);
  table.schema(compile_command);
  table.model(compile_command);
  table.store(compile_command);
  table.device(compile_command);
  table.timing(compile_command);
  table.dry_run(compile_command);
  table.prompt_log(compile_command);
  table.scaffolds(compile_command);
  table.measure(compile_command);

  CLI::App& run_command =
      commands.add("run", "Answer a prompt",
                   "pml run schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf", run_with_engine);
  table.schema(run_command);
  table.prompt(run_command);
  table.timing(run_command);
  table.model(run_command);
  table.store(run_command);
  table.device(run_command);
  table.repair(run_command);
  table.automatic(run_command);
  table.run(run_command);

  CLI::App& explain_command =
      commands.add("explain", "Show what serves every row of a prompt, and what it has not seen",
                   "pml explain schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf", explain);
  table.schema(explain_command);
  table.prompt(explain_command);
  table.model(explain_command);
  table.store(explain_command);
  table.repair(explain_command);
  table.dump(explain_command, "plan");
  table.picture(explain_command, "Draw the attention mask of the prompt: what has seen what");

  CLI::App& verify_command =
      commands.add("verify", "Measure what splicing changes in the answers to a schema's prompts",
                   "pml verify schemas/travel.pml -m model.gguf --max-kl 0.01", verify_with_engine);
  table.schema(verify_command);
  table.model(verify_command);
  table.store(verify_command);
  table.repair(verify_command);
  table.device(verify_command);
  table.verify(verify_command);

  CLI::App& inspect_command = commands.add("inspect", "Show what the store holds, or what a schema was compiled to",
                                           "pml inspect --verify\n         pml inspect schemas/travel.pml", inspect);
  table.schema(inspect_command, /*is_required=*/false);
  table.model(inspect_command);
  table.store(inspect_command);
  table.inspect(inspect_command);

  CLI::App& gc_command =
      commands.add("gc", "Remove artifacts from the store: what no manifest names, what is old, what is too much",
                   "pml gc --older-than 30d --max-size 10G", gc);
  table.folder(gc_command);
  table.output(gc_command);
  table.dry_run(gc_command);
  table.gc(gc_command);
}

bool is_given(const CLI::App& command, const char* name) {
  const CLI::Option* option = command.get_option_no_throw(name);
  return option != nullptr && option->count() > 0;
}

/// What follows from which options were given.
void complete(const CLI::App& command, Options& options) {
  if (command.get_option_no_throw("--explain") != nullptr && !is_given(command, "schema") &&
      !is_given(command, "--explain") && !is_given(command, "--list-kinds")) {
    throw CLI::RequiredError("schema");
  }
  options.has_select = is_given(command, "--select");
  options.has_user = is_given(command, "--user");
  options.has_seed = is_given(command, "--seed");
  const bool draws = command.get_option_no_throw("--temperature") != nullptr && options.sampler.temperature > 0.0;
  if (draws && !options.has_seed) options.sampler.seed = std::random_device{}();
}

std::string did_you_mean(const std::string& wrong, const std::vector<std::string>& names) {
  return grammar::did_you_mean(wrong, std::vector<std::string_view>(names.begin(), names.end()));
}

/// CLI11 takes a mistyped command for a missing one; this says which are near. Empty if there is no such mistake.
std::string describe_unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (std::ranges::find(names, argv[1]) != names.end()) return "";
  return "`" + std::string(argv[1]) + "` is not a command" + did_you_mean(argv[1], names);
}

bool looks_like_option(const std::string& text) { return text.size() > 1 && text.front() == '-'; }

/// The arguments that the command has no use for, in order. What stands behind an unknown option may be its value,
/// and is not named.
std::string describe_extras(const CLI::App& command, const std::vector<std::string>& extras) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const bool has_options = std::ranges::any_of(extras, looks_like_option);
  std::string text;
  for (const std::string& extra : extras) {
    if (has_options && !looks_like_option(extra)) continue;
    const std::string name = extra.substr(0, looks_like_option(extra) ? extra.find('=') : std::string::npos);
    if (!text.empty()) text += "; ";
    text += "`" + name + "` is " +
            (has_options ? "not an option of `" + command.get_name() + "`" + did_you_mean(name, names)
                         : "one argument too many");
  }
  return text;
}

/// The option that was given twice and may be given once; null if it is none.
const CLI::Option* find_repeated(const CLI::App& command) {
  const auto options = command.get_options();
  const auto found = std::ranges::find_if(
      options, [](const CLI::Option* option) { return option->get_items_expected_max() == 1 && option->count() > 1; });
  return found == options.end() ? nullptr : *found;
}

/// CLI11's message, or a better one.
std::string describe(const CLI::ParseError& error, const CLI::App& app) {
  const auto commands = app.get_subcommands();
  if (commands.empty()) return error.what();
  const CLI::App& command = *commands.front();
  // An unknown option may be what keeps the rest from being understood, and is named first.
  const auto extras = app.remaining(/*recurse=*/true);
  const bool is_extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if ((is_extra && !extras.empty()) || std::ranges::any_of(extras, looks_like_option))
    return describe_extras(command, extras);
  const bool is_mismatch = dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr;
  const CLI::Option* repeated = is_mismatch ? find_repeated(command) : nullptr;
  return repeated != nullptr ? repeated->get_name() + " is given twice" : error.what();
}

CommandLine refuse(const std::string& mistake, int argc, char** argv) {
  say(mistake);
  std::fputs("Run with --help for more information.\n", stderr);
  if (wants_json(argc, argv)) print_error(mistake);
  CommandLine line;
  line.exit_code = kBadCommandLine;
  return line;
}

}  // namespace

bool wants_json(int argc, char** argv) {
  return std::any_of(argv, argv + argc, [](const char* argument) { return std::string_view(argument) == "--json"; });
}

CommandLine read_command_line(int argc, char** argv) {
  CLI::App app{"pml: prompts from parts. Encodes the parts once; answers by splicing them."};
  app.require_subcommand(1);
  app.set_version_flag("--version", PML_VERSION);
  CommandLine line;
  OptionTable table(line.options);
  Commands commands(app);
  declare(commands, table);
  for (CLI::App* command : app.get_subcommands({})) {
    // With a callback of its own a command takes its options from the environment alone; CLI11 would otherwise let the
    // commands that are not called do so as well, over what the command line says.
    command->parse_complete_callback([&line, command] { complete(*command, line.options); });
  }
  if (const std::string unknown = describe_unknown_command(app, argc, argv); !unknown.empty()) {
    return refuse(unknown, argc, argv);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    line.exit_code = app.exit(success);
    return line;
  } catch (const CLI::ParseError& error) {
    return refuse(describe(error, app), argc, argv);
  }
  line.command = commands.call_of(*app.get_subcommands().front());
  return line;
}

}  // namespace pml::cli
