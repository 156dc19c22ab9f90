#include "compiler/model_file.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "compiler/gguf.h"
#include "compiler/gguf_model.h"
#include "compiler/mapped_file.h"
#include "compiler/model_contents.h"

namespace pml::compiler {
namespace {

Result<ModelContents> read_contents(std::span<const std::byte> bytes) {
  if (!is_gguf(bytes)) return fail("is not a GGUF file, the only format that is read");
  return parse_gguf(bytes).and_then(read_gguf_model).and_then([](ModelContents&& contents) {
    return check_model(contents).map([&] { return std::move(contents); });
  });
}

}  // namespace

struct ModelFile::Impl {
  std::filesystem::path path;
  MappedFile file;
  ModelContents contents;
  std::unordered_map<std::string_view, const TensorInfo*> by_name;  // into `contents`, which never changes
};

Result<ModelFile> ModelFile::open(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return tl::make_unexpected(file.error());
  auto contents = read_contents(file->bytes());
  if (!contents) return fail(path.string() + ": " + contents.error().message);

  auto impl = std::make_unique<Impl>(Impl{path, std::move(*file), std::move(*contents), {}});
  impl->by_name.reserve(impl->contents.tensors.size());
  for (const TensorInfo& tensor : impl->contents.tensors) impl->by_name.emplace(tensor.name, &tensor);
  return ModelFile(std::move(impl));
}

ModelFile::ModelFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModelFile::ModelFile(ModelFile&&) noexcept = default;
ModelFile& ModelFile::operator=(ModelFile&&) noexcept = default;
ModelFile::~ModelFile() = default;

const std::filesystem::path& ModelFile::path() const { return impl_->path; }
const ModelConfig& ModelFile::config() const { return impl_->contents.config; }
const TokenizerData& ModelFile::tokenizer() const { return impl_->contents.tokenizer; }
std::string_view ModelFile::chat_template() const { return impl_->contents.chat_template; }
const std::vector<TensorInfo>& ModelFile::tensors() const { return impl_->contents.tensors; }
std::span<const std::byte> ModelFile::bytes() const { return impl_->file.bytes(); }

const TensorInfo* ModelFile::tensor(std::string_view name) const {
  const auto found = impl_->by_name.find(name);
  return found == impl_->by_name.end() ? nullptr : found->second;
}

}  // namespace pml::compiler
