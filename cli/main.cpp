// The `pml` program: reads the command line, and hands over to one file a subcommand.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <limits>
#include <random>
#include <sstream>

#include "cli/commands.h"
#include "cli/engine.h"
#include "cli/json_output.h"
#include "cli/options.h"
#include "cli/quantity.h"
#include "cli/workspace.h"
#include "grammar/display.h"

namespace pml::cli {
namespace {

/// Options that several commands have, in groups.
class CommandLine {
 public:
  explicit CommandLine(Options& options) : options_(options) {}

  void schema(CLI::App& command, bool is_required = true) {
    command.add_option("schema", options_.schema, "The schema, a .pml file")->required(is_required);
    command.add_option("--allow", options_.allowed, "A further folder that `src` may read from")
        ->allow_extra_args(false)
        ->type_name("DIR");
    output(command);
  }
  void output(CLI::App& command) {
    json_ = command.add_flag("--json", options_.json, "Print one JSON object on standard output");
    command.add_flag("-q,--quiet", options_.quiet, "Print the result alone");
    number(command, "--threads", options_.threads, {0, 1024}, "Threads to use (0: one a core)");
  }
  void prompt(CLI::App& command) {
    command.add_option("--prompt", options_.prompt, "The prompt, a .pml file")->type_name("FILE");
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
        ->type_name("DIR")
        ->envname("PML_STORE");
  }
  void store(CLI::App& command) {
    folder(command);
    command.add_option("--kv", options_.kv_type, "Type of stored keys and values: f16, bf16 or f32")
        ->check(CLI::IsMember({"f16", "bf16", "f32"}))
        ->type_name("TYPE");
    command
        .add_option("--compute", options_.compute,
                    "Arithmetic of products: f32, bf16, or auto (bf16 if the CPU has it)")
        ->check(CLI::IsMember({"auto", "f32", "bf16"}))
        ->type_name("TYPE");
    command.add_option("--context", options_.context, "What cached text has seen: guaranteed or isolated")
        ->check(CLI::IsMember({"guaranteed", "isolated"}))
        ->type_name("KIND");
  }
  void device(CLI::App& command) {
    command.add_option("--device", options_.device, "Where to compute")->type_name("NAME")->capture_default_str();
  }
  void dump(CLI::App& command, const std::string& phase) {
    command.add_option("--dump", options_.dump, "Print the " + phase + " as text")
        ->check(CLI::IsMember({phase}))
        ->excludes(json_)
        ->type_name("PHASE");
  }
  void text(CLI::App& command) {
    command.add_flag("--text", options_.text_only, "Print the bare text alone")->excludes(json_);
  }
  void dry_run(CLI::App& command) {
    command.add_flag("--dry-run", options_.dry_run, "Only say what would be done; nothing is written");
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
  void run(CLI::App& command) {
    command.add_flag("--no-cache", options_.no_cache, "Compute every row: a full prefill of the same tokens");
    command.add_option("--repair", options_.repair, "Recompute cached rows whose context does not fit: none")
        ->check(CLI::IsMember({"none"}))
        ->type_name("POLICY");
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
        ->excludes("--prompt")
        ->excludes("--user")
        ->excludes("--force-tokens")
        ->type_name("FILE.jsonl");
    number(command, "--parallel", options_.parallel, {1, 1024}, "Prompts of a batch that are decoded together at most");
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

bool wants_json(int argc, char** argv) {
  return std::any_of(argv, argv + argc, [](const char* argument) { return std::string_view(argument) == "--json"; });
}

/// CLI11 takes a mistyped command for a missing one; this says which are near. Empty if there is no such mistake.
std::string unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return "";
  const std::vector<std::string_view> views(names.begin(), names.end());
  return "`" + std::string(argv[1]) + "` is not a command" + grammar::did_you_mean(argv[1], views);
}

int main_with_arguments(int argc, char** argv) {
  CLI::App app{"pml: prompts from parts. Encodes the parts once; answers by splicing them."};
  app.require_subcommand(1);
  app.set_version_flag("--version", PML_VERSION);
  Options options;
  CommandLine line(options);
  int exit_code = kDone;

  CLI::App& check_command = *app.add_subcommand("check", "Find the mistakes in a schema, and in a prompt");
  line.schema(check_command);
  line.prompt(check_command);
  line.model(check_command);
  line.dump(check_command, "ast");
  check_command.footer("Example: pml check schemas/travel.pml --prompt examples/travel-beach.pml");
  check_command.callback([&] { exit_code = check(options); });

  CLI::App& layout_command = *app.add_subcommand("layout", "Show where every element stands");
  line.schema(layout_command);
  line.model(layout_command);
  line.dump(layout_command, "layout");
  layout_command.footer("Example: pml layout schemas/travel.pml -m model.gguf");
  layout_command.callback([&] { exit_code = layout(options); });

  CLI::App& render_command = *app.add_subcommand("render", "Print a prompt's final text, its segments and tokens");
  line.schema(render_command);
  line.prompt(render_command);
  line.model(render_command);
  line.text(render_command);
  render_command.footer("Example: pml render schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf");
  render_command.callback([&] { exit_code = render(options); });

  CLI::App& compile_command = *app.add_subcommand("compile", "Encode a schema's parts into the store");
  line.schema(compile_command);
  line.model(compile_command);
  line.store(compile_command);
  line.device(compile_command);
  line.dry_run(compile_command);
  compile_command.footer("Example: pml compile schemas/travel.pml -m model.gguf");
  compile_command.callback([&] { exit_code = compile(options); });

  CLI::App& run_command = *app.add_subcommand("run", "Answer a prompt");
  line.schema(run_command);
  line.prompt(run_command);
  line.model(run_command);
  line.store(run_command);
  line.device(run_command);
  line.run(run_command);
  run_command.footer("Example: pml run schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf");
  run_command.callback([&] { exit_code = run_in_engine(EngineCommand::run, options); });

  CLI::App& explain_command =
      *app.add_subcommand("explain", "Show what serves every row of a prompt, and what it has not seen");
  line.schema(explain_command);
  line.prompt(explain_command);
  line.model(explain_command);
  line.store(explain_command);
  line.dump(explain_command, "plan");
  explain_command.footer("Example: pml explain schemas/travel.pml --prompt examples/travel-beach.pml -m model.gguf");
  explain_command.callback([&] { exit_code = explain(options); });

  CLI::App& inspect_command =
      *app.add_subcommand("inspect", "Show what the store holds, or what a schema was compiled to");
  line.schema(inspect_command, /*is_required=*/false);
  line.model(inspect_command);
  line.store(inspect_command);
  line.inspect(inspect_command);
  inspect_command.footer("Example: pml inspect --verify\n         pml inspect schemas/travel.pml");
  inspect_command.callback([&] { exit_code = inspect(options); });

  CLI::App& gc_command = *app.add_subcommand(
      "gc", "Remove artifacts from the store: what no manifest names, what is old, what is too much");
  line.folder(gc_command);
  line.output(gc_command);
  line.dry_run(gc_command);
  line.gc(gc_command);
  gc_command.footer("Example: pml gc --older-than 30d --max-size 10G");
  gc_command.callback([&] { exit_code = gc(options); });

  for (CLI::App* command : app.get_subcommands({})) {
    command->parse_complete_callback([&, command] {
      const CLI::Option* user = command->get_option_no_throw("--user");
      options.has_user = user != nullptr && user->count() > 0;
      const CLI::Option* seed = command->get_option_no_throw("--seed");
      options.has_seed = seed != nullptr && seed->count() > 0;
      if (seed != nullptr && !options.has_seed && options.sampler.temperature > 0.0) {
        options.sampler.seed = std::random_device{}();
      }
    });
  }
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    return "pml: " + std::string(error.what()) + "\n" +
           CLI::FailureMessage::simple(failed, error).substr(std::string(error.what()).size() + 1);
  });
  if (const std::string unknown = unknown_command(app, argc, argv); !unknown.empty()) {
    std::fprintf(stderr, "pml: %s\nRun with --help for the list.\n", unknown.c_str());
    if (wants_json(argc, argv)) print_error(unknown);
    return kBadCommandLine;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    if (wants_json(argc, argv)) print_error(error.what());
    return kBadCommandLine;
  }
  // A full disk, or a pipe that nobody reads any more.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("pml: standard output cannot be written to\n", stderr);
    return kMachineFailed;
  }
  return exit_code;
}

}  // namespace
}  // namespace pml::cli

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write(), as a full disk is
  try {
    return pml::cli::main_with_arguments(argc, argv);
  } catch (const pml::cli::Stop& stop) {
    return stop.exit_code;
  } catch (const std::exception& exception) {
    const std::string message = pml::error_of(exception).message;
    std::fprintf(stderr, "pml: %s\n", message.c_str());
    if (pml::cli::wants_json(argc, argv)) pml::cli::print_error(message);
    return pml::cli::kMachineFailed;
  }
}
