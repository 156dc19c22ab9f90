#include "cli/engine.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace pml::cli {

int run_in_engine(EngineCommand command, const Options& options, const EngineJob& job) {
  namespace fs = std::filesystem;
  // OpenMP's threads spin while they wait, by default so long that other work on the same cores slows both down by far
  // more than it gains.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "1000", /*overwrite=*/0);
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::string why;
  for (const fs::path& path : {here / "libpml_engine.so", here / ".." / "lib" / "libpml_engine.so"}) {
    if (!fs::exists(path, error)) continue;
    void* engine = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (engine == nullptr) {
      why = ::dlerror();
      continue;
    }
    const auto entry = reinterpret_cast<decltype(&pml_engine_main)>(::dlsym(engine, "pml_engine_main"));
    if (entry != nullptr) return entry(command, &options, &job);
    why = ::dlerror();
  }
  throw std::runtime_error("the engine cannot be loaded: " +
                           (why.empty() ? "libpml_engine.so is not beside the program" : why));
}

}  // namespace pml::cli
