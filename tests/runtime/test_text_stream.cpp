// Bytes of tokens to text: whole characters, and an end before a stop string.
#include <catch2/catch.hpp>

#include "runtime/generation/text_stream.h"

namespace pml::runtime {
namespace {

/// The pieces that the sink got, with `|` between them; `!` at the end if a stop string was met.
std::string streamed(const std::vector<std::string>& tokens, const std::vector<std::string>& stops = {}) {
  std::string pieces;
  TextStream stream([&](std::string_view piece) { pieces += (pieces.empty() ? "" : "|") + std::string(piece); }, stops);
  for (const std::string& token : tokens) stream.add(token);
  stream.finish();
  return pieces + (stream.is_stopped() ? "!" : "");
}

}  // namespace

TEST_CASE("text stream: characters are never cut") {
  CHECK(streamed({"a", "b"}) == "a|b");
  CHECK(streamed({"\xF0\x9F", "\x98\x80", "!"}) == "\xF0\x9F\x98\x80|!");
  CHECK(streamed({"caf\xC3", "\xA9 "}) == "caf|\xC3\xA9 ");
  CHECK(streamed({"\xE2\x82"}) == "\xEF\xBF\xBD");        // never completed
  CHECK(streamed({"\xFF", "a"}) == "\xEF\xBF\xBD|a");     // no character's beginning
  CHECK(streamed({"\xE2\x82", "x"}) == "\xEF\xBF\xBDx");  // broken off
  CHECK(streamed({"", ""}) == "");
}

TEST_CASE("text stream: ends before a stop string, and holds back what may become one") {
  CHECK(streamed({"one\n", "two"}, {"\n"}) == "one!");
  CHECK(streamed({"one", "\n\ntwo"}, {"\n\n"}) == "one!");
  CHECK(streamed({"one\n", "\ntwo"}, {"\n\n"}) == "one!");
  CHECK(streamed({"one\n", "two"}, {"\n\n"}) == "one|\ntwo");
  CHECK(streamed({"one\n"}, {"\n\n"}) == "one|\n");  // the answer ended first
  CHECK(streamed({"aab", "aac"}, {"aabaac"}) == "!");
  CHECK(streamed({"aabaab", "aac."}, {"aabaac"}) == "aab!");
  CHECK(streamed({"a STOP b END"}, {"END", "STOP"}) == "a !");  // the first in the text, not in the list
  CHECK(streamed({"abc"}, {""}) == "abc");
  CHECK(streamed({"caf\xC3", "\xA9!"}, {"\xC3\xA9"}) == "caf!");
}

}  // namespace pml::runtime
