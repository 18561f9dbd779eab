#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crossover::harness {

/// "matmul.cfg:7: threads = 0; expected 1..1024". The message is complete: print it and exit 2.
class ConfigError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where a value comes from; of two values for the same thing the later origin wins.
enum class Origin { defaults, section, command_line, command_line_section };

/// One value with the place it was written at, "matmul.cfg:7" or "--threads".
struct ConfigValue {
  std::string text;
  std::string where;
  std::string key;  // without the section
  Origin origin = Origin::section;
};

/// The keys of one section, defaults merged in and the command line applied; not yet interpreted.
struct ConfigSection {
  std::string name;
  std::string where;
  std::map<std::string, ConfigValue> values;
};

/// A config as written: sections in order; where it has none, one that is named after the file.
struct Config {
  std::string name;  // file stem
  std::string path;
  std::string text;
  std::vector<std::pair<std::string, std::string>> overrides;
  std::vector<ConfigSection> sections;
};

/// Reads the file. Overrides (command line) win over every section; "SECTION.key" wins in one. Of
/// an override given twice the last counts. Throws ConfigError: unreadable file, a line that is not
/// key = value, [section] or comment, a key given twice in one section, a section given twice, an
/// empty value, a seed for one section alone, an override for a section that is not there.
Config read_config(const std::string& path,
                   const std::vector<std::pair<std::string, std::string>>& overrides);

/// The same from text; `path` is only for messages and for the name.
Config parse_config(const std::string& text, const std::string& path,
                    const std::vector<std::pair<std::string, std::string>>& overrides);

/// Throws ConfigError("WHERE: KEY = ELEMENT; EXPECTATION") about a value or one element of it.
[[noreturn]] void fail(const ConfigValue& value, const std::string& element,
                       const std::string& expectation);

/// The text without blanks and line ends at either side.
std::string_view trim(std::string_view text);

/// Splits at commas outside brackets and trims. Throws ConfigError on an empty element.
std::vector<std::string> split_list(const ConfigValue& value);

/// A list of positive integers: numbers, `cores` and `2*cores`, geometric ranges `16..1024*1.5`
/// and arithmetic ones `1..8+1`, rounded, duplicates dropped, the endpoint always included. In the
/// order written. Throws ConfigError: not a number, zero or negative, more than 10^15, a range that
/// does not advance, more than 100,000 values.
std::vector<long long> integer_list(const ConfigValue& value, int cores);

/// Seconds from "90", "90s", "5min", "1.5h", "1ms", "200us"; more than 0 and at most 1000 hours.
/// Throws ConfigError.
double duration_seconds(const ConfigValue& value);

/// A share from "3%" or "0.03"; at least 0 and less than 1. Throws ConfigError.
double fraction(const ConfigValue& value);

/// The candidate nearest in edit distance (case ignored, a swap of neighbours counts once), for
/// "did you mean"; empty where none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// "unknown variant 'smid' of family matmul; did you mean 'simd'? legal: naive, simd", where `what`
/// is "variant" and `of` is " of family matmul" or empty.
std::string unknown(const std::string& what, const std::string& word, const std::string& of,
                    const std::vector<std::string>& legal);

}  // namespace crossover::harness
