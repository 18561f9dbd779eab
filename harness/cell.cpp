#include "harness/cell.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <string_view>

namespace crossover::harness {
namespace {

constexpr std::uint64_t fnv_offset = 14695981039346656037ULL;
constexpr std::uint64_t fnv_prime = 1099511628211ULL;

/// FNV-1a over length-prefixed fields: without the lengths, "ab","c" and "a","bc" would collide.
class FieldHash {
 public:
  void add(std::string_view field) {
    add_bytes(fmt::format("{}:", field.size()));
    add_bytes(field);
  }
  void add(std::int64_t number) { add(std::string_view(fmt::format("{}", number))); }
  std::uint64_t value() const { return state_; }

 private:
  void add_bytes(std::string_view bytes) {
    for (const char byte : bytes) {
      state_ = (state_ ^ static_cast<unsigned char>(byte)) * fnv_prime;
    }
  }

  std::uint64_t state_ = fnv_offset;
};

bool is_usual(const std::string& key, const std::string& value) {
  return (key == "threads" && value == "1") || (key == "cache" && value == "warm") ||
         (key == "buffers" && value == "preallocated") || (key == "pin" && value == "cores");
}

}  // namespace

int threads_of(const Arm& arm) {
  const auto found = arm.settings.find("threads");
  if (found == arm.settings.end()) return 1;
  const std::string& text = found->second;
  int threads = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && threads > 0 ? threads : 1;
}

std::string label(const Arm& arm, const std::vector<std::string>& varying) {
  std::vector<std::string> parts;
  for (const std::string& key : varying) {
    const auto found = arm.settings.find(key);
    if (found == arm.settings.end() || is_usual(key, found->second)) continue;
    parts.push_back(key + "=" + found->second);
  }
  std::string text = arm.variant;
  if (!parts.empty()) text += fmt::format("[{}]", fmt::join(parts, ","));
  if (arm.replica != 0) text += fmt::format("#{}", arm.replica);
  return text;
}

std::string label(const Problem& problem) {
  std::string text;
  for (const auto& [name, value] : problem) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  }
  return text;
}

std::int64_t extent(const Problem& problem, const std::string& name) {
  for (const auto& [candidate, value] : problem) {
    if (candidate == name) return value;
  }
  return 0;
}

std::string cell_id(const Cell& cell) {
  FieldHash hash;
  hash.add(cell.section);
  hash.add(cell.arm.family);
  hash.add(cell.arm.variant);
  hash.add(static_cast<std::int64_t>(cell.arm.replica));
  const auto is_off = [](const auto& setting) { return setting.second == "none"; };
  hash.add(static_cast<std::int64_t>(cell.arm.settings.size()) -
           std::count_if(cell.arm.settings.begin(), cell.arm.settings.end(), is_off));
  for (const auto& [key, value] : cell.arm.settings) {
    if (value == "none") continue;
    hash.add(key);
    hash.add(value);
  }
  Problem sorted = cell.problem;
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [name, value] : sorted) {
    hash.add(name);
    hash.add(value);
  }
  return fmt::format("{:016x}", hash.value());
}

}  // namespace crossover::harness
