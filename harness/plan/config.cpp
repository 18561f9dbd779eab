#include "harness/plan/config.h"

#include <boost/program_options.hpp>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "harness/names.h"
#include "harness/plan/limits.h"

namespace crossover::harness {
namespace {

namespace options = boost::program_options;

/// At most 40 characters of what somebody wrote, fit for a terminal.
std::string excerpt(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string shown(text.substr(0, longest));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return text.size() > longest ? shown + "..." : shown;
}

/// One `key = value` of the file; `section` is its place in the list of sections, if it is in one.
struct Line {
  std::string where;
  std::string key;
  std::optional<std::size_t> section;
};

/// What the scan finds before Boost reads: Boost's messages know neither lines nor duplicates.
class Scan {
 public:
  explicit Scan(const std::string& path) : path_(path) {}

  void read(const std::string& text) {
    std::istringstream stream(text);
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
      where_ = fmt::format("{}:{}", path_, number);
      const std::string_view content = trim(std::string_view(line).substr(0, line.find('#')));
      if (!content.empty()) read_line(content);
    }
  }

  const std::vector<Line>& lines() const { return lines_; }
  const std::vector<ConfigSection>& sections() const { return sections_; }

 private:
  [[noreturn]] void reject(const std::string& message) const {
    throw ConfigError(fmt::format("{}: {}", where_, message));
  }

  void read_line(std::string_view content) {
    for (const char c : content) {
      if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f') {
        reject(fmt::format("control character in '{}'; expected plain text", excerpt(content)));
      }
    }
    if (content.front() == '[') return open_section(content);
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos) {
      reject(fmt::format("expected key = value, [section] or # comment; found '{}'",
                         excerpt(content)));
    }
    add_key(trim(content.substr(0, equals)), trim(content.substr(equals + 1)));
  }

  void open_section(std::string_view content) {
    const bool closed = content.size() > 2 && content.back() == ']';
    const std::string name(closed ? trim(content.substr(1, content.size() - 2)) : "");
    if (!is_section_name(name)) {
      reject(
          fmt::format("expected [section] with a name of letters, digits, _ and - that is not "
                      "'env'; found '{}'",
                      excerpt(content)));
    }
    const auto [first, is_new] = section_places_.emplace(name, where_);
    if (!is_new) {
      reject(fmt::format("duplicate section [{}]; first given at {}", name, first->second));
    }
    sections_.push_back({name, where_, {}});
    keys_.clear();
  }

  void add_key(std::string_view key, std::string_view value) {
    if (!is_name(key, "_.-")) {
      reject(
          fmt::format("expected a key of letters, digits, _, - and '.'; found '{}'", excerpt(key)));
    }
    if (value.empty()) reject(fmt::format("{} has no value", key));
    const auto [first, is_new] = keys_.emplace(key, where_);
    if (!is_new) {
      reject(fmt::format("duplicate key '{}'; first given at {}", key, first->second));
    }
    if (key == "seed" && !sections_.empty()) {
      reject("seed holds for the whole experiment; expected before the first section");
    }
    std::optional<std::size_t> section;
    if (!sections_.empty()) section = sections_.size() - 1;
    lines_.push_back({where_, std::string(key), section});
  }

  std::string path_;
  std::string where_;
  std::vector<Line> lines_;
  std::vector<ConfigSection> sections_;
  std::map<std::string, std::string> section_places_;
  std::map<std::string, std::string, std::less<>> keys_;  // of the section being read
};

/// The values in the order of the lines, as Boost reads them.
std::vector<std::string> boost_values(const std::string& text, const std::string& path) {
  std::istringstream stream(text);
  const options::options_description nothing_registered;
  std::vector<std::string> values;
  try {
    const auto parsed = options::parse_config_file(stream, nothing_registered, true);
    for (const options::option& option : parsed.options) {
      values.push_back(option.value.empty() ? "" : option.value.front());
    }
  } catch (const options::error& error) {
    throw ConfigError(fmt::format("{}: {}", path, error.what()));
  }
  return values;
}

/// The name of the one section of a file that opens none. The file may be called anything, the
/// section's name becomes part of other files' names.
std::string section_name(std::string text) {
  for (char& c : text) {
    if (!is_name({&c, 1}, "_-")) c = '_';
  }
  return is_section_name(text) ? text : text + "_";
}

/// The sections with the file's values: the defaults first, then what each section says itself.
std::vector<ConfigSection> merge(const Scan& scan, const std::vector<std::string>& values,
                                 const std::string& path, const std::string& name) {
  const std::vector<Line>& lines = scan.lines();
  if (values.size() != lines.size()) {
    throw ConfigError(fmt::format("{}: {} values where {} keys were expected", path, values.size(),
                                  lines.size()));
  }
  std::vector<ConfigSection> sections = scan.sections();
  const bool sectionless = sections.empty();
  if (sectionless) sections.push_back({section_name(name), path, {}});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    ConfigValue value{values[i], line.where, line.key, Origin::section};
    if (line.section) {
      sections[*line.section].values.insert_or_assign(line.key, value);
      continue;
    }
    if (!sectionless) value.origin = Origin::defaults;
    for (ConfigSection& section : sections) section.values.emplace(line.key, value);
  }
  return sections;
}

/// The section that the override names, or nullptr where it is for all of them.
ConfigSection* addressed(std::vector<ConfigSection>& sections, const std::string& key) {
  if (key.starts_with("env.")) return nullptr;  // the one key with a dot of its own
  std::vector<std::string> names;
  for (ConfigSection& section : sections) {
    if (key.starts_with(section.name + ".")) return &section;
    names.push_back(section.name);
  }
  const std::size_t dot = key.find('.');
  if (dot == std::string::npos) return nullptr;
  throw ConfigError(
      fmt::format("--{}: {}", key, unknown("section", key.substr(0, dot), "", names)));
}

void apply_override(std::vector<ConfigSection>& sections, const std::string& option,
                    const std::string& text) {
  const std::string where = "--" + option;
  ConfigSection* only = addressed(sections, option);
  const std::string key = only ? option.substr(only->name.size() + 1) : option;
  const std::string value(trim(text));
  if (!is_name(key, "_.-")) {
    throw ConfigError(fmt::format("{}: expected --key or --SECTION.key", excerpt(where)));
  }
  if (value.empty()) throw ConfigError(fmt::format("{}: {} has no value", where, key));
  if (key == "seed" && only) {
    throw ConfigError(
        fmt::format("{}: seed holds for the whole experiment; expected --seed", where));
  }
  const Origin origin = only ? Origin::command_line_section : Origin::command_line;
  for (ConfigSection& section : sections) {
    if (only && only != &section) continue;
    const auto existing = section.values.find(key);
    if (existing != section.values.end() && existing->second.origin > origin) continue;
    section.values.insert_or_assign(key, ConfigValue{value, where, key, origin});
  }
}

}  // namespace

bool is_section_name(std::string_view text) { return is_name(text, "_-") && text != "env"; }

Config parse_config(const std::string& text, const std::string& path,
                    const std::vector<std::pair<std::string, std::string>>& overrides) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  const bool marked = text.starts_with(byte_order_mark);
  const std::string content = marked ? text.substr(byte_order_mark.size()) : text;
  const std::string stem = std::filesystem::path(path).stem().string();
  Config config{stem.empty() ? "config" : stem, path, text, overrides, {}};
  Scan scan(path);
  scan.read(content);
  config.sections = merge(scan, boost_values(content, path), path, config.name);
  for (const auto& [key, value] : overrides) apply_override(config.sections, key, value);
  return config;
}

Config read_config(const std::string& path,
                   const std::vector<std::pair<std::string, std::string>>& overrides) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();  // sets failbit on an empty file, which is legal
  if (!file.is_open() || file.bad() || std::filesystem::is_directory(path)) {
    const int code = errno != 0 ? errno : EISDIR;
    throw ConfigError(
        fmt::format("{}: cannot be read: {}", path, std::generic_category().message(code)));
  }
  return parse_config(text.str(), path, overrides);
}

}  // namespace crossover::harness
