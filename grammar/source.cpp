#include "grammar/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "grammar/check.h"

namespace pml::grammar {

Source::Source(std::string name, std::string text, std::optional<Place> taken_in_at, std::uint32_t first_line)
    : name_(std::move(name)), text_(std::move(text)), taken_in_at_(taken_in_at), first_line_(first_line) {
  line_begins_.push_back(0);
  std::uint32_t num_characters = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (i % kBlockBytes == 0) characters_before_.push_back(num_characters);
    // Every byte that does not continue a UTF-8 sequence begins a character.
    num_characters += (static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80 ? 1 : 0;
    if (text_[i] == '\n') line_begins_.push_back(static_cast<std::uint32_t>(i + 1));
  }
  characters_before_.push_back(num_characters);
}

std::uint32_t Source::characters_before(std::uint32_t offset) const {
  const std::uint32_t block = offset / kBlockBytes;
  const auto characters = std::count_if(text_.begin() + block * kBlockBytes, text_.begin() + offset,
                                        [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return characters_before_[block] + static_cast<std::uint32_t>(characters);
}

LineColumn Source::locate(std::uint32_t offset) const {
  offset = std::min<std::uint32_t>(offset, static_cast<std::uint32_t>(text_.size()));
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const std::uint32_t line_begin = *(after - 1);
  return {first_line_ - 1 + static_cast<std::uint32_t>(after - line_begins_.begin()),
          characters_before(offset) - characters_before(line_begin) + 1};
}

std::string_view Source::line_at(std::uint32_t offset, std::uint32_t& line_begin) const {
  offset = std::min<std::uint32_t>(offset, static_cast<std::uint32_t>(text_.size()));
  line_begin = *(std::upper_bound(line_begins_.begin(), line_begins_.end(), offset) - 1);
  std::string_view line = std::string_view(text_).substr(line_begin);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

SourceId SourceSet::add(std::string name, std::string text, std::optional<Place> taken_in_at) {
  PML_CHECK(text.size() < UINT32_MAX, "places are 32-bit offsets");
  sources_.emplace_back(std::move(name), std::move(text), taken_in_at);
  return static_cast<SourceId>(sources_.size() - 1);
}

SourceId SourceSet::add_line(std::string name, std::string text, std::uint32_t number) {
  PML_CHECK(text.size() < UINT32_MAX, "places are 32-bit offsets");
  sources_.emplace_back(std::move(name), std::move(text), std::nullopt, number);
  return static_cast<SourceId>(sources_.size() - 1);
}

void SourceSet::embed(SourceId source, SourceId outer, std::vector<std::uint32_t> offsets) {
  PML_CHECK(offsets.size() == sources_[source].text().size() + 1, "every byte of the text has a place");
  embeddings_[source] = {outer, std::move(offsets)};
}

Place SourceSet::shown(const Place& place) const {
  const auto embedding = embeddings_.find(place.source);
  if (embedding == embeddings_.end()) return place;
  const auto& [outer, offsets] = embedding->second;
  return {outer, offsets[place.begin], offsets[place.end]};
}

void SourceSet::shrink(std::size_t size) {
  while (sources_.size() > size) sources_.pop_back();
  std::erase_if(embeddings_, [&](const auto& embedding) { return embedding.first >= size; });
}

std::string_view SourceSet::text(const Place& place) const {
  return sources_[place.source].text().substr(place.begin, place.end - place.begin);
}

Place SourceSet::trimmed(Place place) const {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::string_view raw = text(place);
  const std::size_t first = raw.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return place;
  place.end = place.begin + static_cast<std::uint32_t>(raw.find_last_not_of(kBlanks) + 1);
  place.begin += static_cast<std::uint32_t>(first);
  return place;
}

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail(std::string("cannot be opened: ") + std::strerror(errno));
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } closer{descriptor};

  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return fail(std::string("cannot be read: ") + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fail("is not a regular file");
  const auto too_large = [&] { return fail("is larger than the limit of " + std::to_string(limit >> 20) + " MiB"); };
  if (static_cast<std::uint64_t>(status.st_size) > limit) return too_large();

  std::string text;
  text.reserve(static_cast<std::size_t>(status.st_size));
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(std::string("cannot be read: ") + std::strerror(errno));
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > limit) return too_large();  // it grew while it was read
  }
}

Result<std::string> read_text_file(const std::filesystem::path& path, std::uint64_t limit) {
  auto text = read_file(path, limit);
  if (text) *text = without_byte_order_mark(std::move(*text));
  return text;
}

std::string without_byte_order_mark(std::string text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.erase(0, kMark.size());
  return text;
}

}  // namespace pml::grammar
