// pml fmt: documents in the one form in which they are written.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/messages.h"
#include "grammar/display.h"
#include "grammar/format.h"

namespace pml::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_standard_input(std::uint64_t limit) {
  std::string text;
  char buffer[1 << 16];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, stdin)) {
    text.append(buffer, count);
    if (text.size() > limit) return fail("is larger than the limit of " + std::to_string(limit >> 20) + " MiB");
  }
  if (std::ferror(stdin) != 0) return fail("cannot be read");
  return text;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Puts another text into a file that is there. It has the one or the other whatever happens; mode and, where that may
/// be done, owner stay, and a link to it stays a link.
Result<void> replace_text(const std::string& path, std::string_view text) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  struct stat status {};
  if (error || ::stat(real.c_str(), &status) != 0) return fail("cannot be written: it is gone");
  // Who may not write to the file is not let to replace it either.
  if (::access(real.c_str(), W_OK) != 0) return fail(std::string("cannot be written: ") + std::strerror(errno));
  std::string temporary = (real.parent_path() / ("." + real.filename().string() + ".XXXXXX")).string();
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return fail(std::string("cannot be written: ") + std::strerror(errno));
  if (::fchown(descriptor, status.st_uid, status.st_gid) != 0) errno = 0;
  bool is_written =
      ::fchmod(descriptor, status.st_mode & 07777) == 0 && write_all(descriptor, text) && ::fsync(descriptor) == 0;
  is_written = ::close(descriptor) == 0 && is_written;
  if (is_written && ::rename(temporary.c_str(), real.c_str()) == 0) return {};
  const std::string why = std::strerror(errno);
  ::unlink(temporary.c_str());
  return fail("cannot be written: " + why);
}

/// One run over all files: what is wrong with one is said, and the others are still done.
class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  void add(const std::string& file) {
    const bool is_input = file == "-";
    const std::string name = is_input ? "(standard input)" : file;
    const std::uint64_t limit = grammar::ReadLimits{}.document_bytes;
    const auto read = is_input ? read_standard_input(limit) : grammar::read_file(file, limit);
    if (!read) return failed(name + " " + read.error().message);
    const grammar::SourceId source = sources_.add(name, grammar::without_byte_order_mark(*read));
    const std::size_t num_known = diagnostics_.list().size();
    const auto formatted = grammar::format(source, sources_, diagnostics_);
    const std::string mistakes = render(diagnostics_, sources_, num_known);
    std::fwrite(mistakes.data(), 1, mistakes.size(), stderr);
    if (!formatted) return;
    const bool changes = *formatted != *read;
    if (options_.only_checks) {
      any_would_change_ = any_would_change_ || changes;
    } else if (is_input || options_.to_stdout) {
      std::fwrite(formatted->data(), 1, formatted->size(), stdout);
    } else if (changes) {
      if (const auto written = replace_text(file, *formatted); !written) {
        return failed(name + " " + written.error().message);
      }
    }
    files_.push_back({{"file", name}, {"changed", changes}});
    const bool is_told = changes && !options_.json && (options_.only_checks || !writes_text(file));
    if (is_told && !(options_.quiet && !options_.only_checks)) {
      std::printf("%s%s\n", grammar::printable(name).c_str(), options_.only_checks ? "" : ": formatted");
    }
  }

  int finish() const {
    const bool is_right = !diagnostics_.has_errors() && !any_would_change_ && failure_.empty();
    if (options_.json) {
      Json result{{"ok", is_right}, {"files", files_}, {"diagnostics", to_json(diagnostics_, sources_)}};
      if (!failure_.empty()) result["error"] = failure_;
      print(result);
    }
    return !failure_.empty() ? kMachineFailed : is_right ? kDone : kBadInput;
  }

 private:
  bool writes_text(const std::string& file) const { return options_.to_stdout || file == "-"; }

  void failed(const std::string& message) {
    say(message);
    if (failure_.empty()) failure_ = message;
  }

  const Options& options_;
  grammar::SourceSet sources_;
  grammar::Diagnostics diagnostics_;
  Json files_ = Json::array();
  std::string failure_;  // the first
  bool any_would_change_ = false;
};

}  // namespace

int fmt(const Options& options) {
  const auto num_inputs = std::count(options.files.begin(), options.files.end(), "-");
  const bool writes_text = options.to_stdout || (num_inputs > 0 && !options.only_checks);
  if (num_inputs > 1 || (writes_text && options.json)) {
    const std::string mistake =
        num_inputs > 1 ? "standard input can be read once" : "--json and a document cannot both go to standard output";
    say(mistake);
    if (options.json) print_error(mistake);
    return kBadCommandLine;
  }
  Run run(options);
  for (const std::string& file : options.files) run.add(file);
  return run.finish();
}

}  // namespace pml::cli
