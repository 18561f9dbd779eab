#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "harness/plan/config.h"
#include "harness/plan/limits.h"

namespace crossover::harness {
namespace {

constexpr long long largest = most_extent;    // ranges are computed in double
constexpr std::size_t most_values = 100'000;  // of one list; beyond it a typo is likelier
constexpr double longest_seconds = 1000 * 3600.0;

constexpr const char* integers_expected =
    "expected positive integers: 64, cores, 2*cores, 16..1024*1.5 or 1..8+1";

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> parse_real(std::string_view text) {
  const auto number = parse_number<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

/// The elements of one integer list, with what is needed for a message about any of them.
class IntegerList {
 public:
  IntegerList(const ConfigValue& value, int cores) : value_(value), cores_(cores) {}

  void add(const std::string& element) {
    const std::size_t dots = element.find("..");
    if (dots == std::string::npos) {
      push(term(element, element), element);
    } else {
      add_range(element, dots);
    }
  }

  std::vector<long long> take() { return std::move(numbers_); }

 private:
  /// A number, `cores` or `2*cores`.
  long long term(std::string_view text, const std::string& element) const {
    text = trim(text);
    long long factor = 1;
    const std::size_t star = text.find('*');
    if (star != std::string_view::npos && trim(text.substr(star + 1)) == "cores") {
      factor = number(trim(text.substr(0, star)), element);
      text = "cores";
    }
    const long long base = text == "cores" ? cores_ : number(text, element);
    if (base > largest / factor) too_large(element);
    return base * factor;
  }

  long long number(std::string_view text, const std::string& element) const {
    const bool digits =
        !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    if (!digits) fail(value_, element, integers_expected);
    const auto parsed = parse_number<long long>(text);
    if (!parsed || *parsed > largest) too_large(element);
    if (*parsed == 0) fail(value_, element, integers_expected);
    return *parsed;
  }

  [[noreturn]] void too_large(const std::string& element) const {
    fail(value_, element, fmt::format("expected at most {}", largest));
  }

  void add_range(const std::string& element, std::size_t dots) {
    const std::string_view text = element;
    const std::string_view rest = text.substr(dots + 2);
    const std::size_t sign = rest.find_last_of("*+");
    const auto step =
        sign == std::string_view::npos ? std::nullopt : parse_real(trim(rest.substr(sign + 1)));
    if (!step) {
      fail(value_, element, "expected a range with a step: 16..1024*1.5 or 1..8+1");
    }
    const long long first = term(text.substr(0, dots), element);
    const long long last = term(rest.substr(0, sign), element);
    const bool geometric = rest[sign] == '*';
    if (last < first || (geometric ? *step <= 1 : *step <= 0)) {
      fail(value_, element,
           "the range does not advance; expected first <= last and a step such as *1.5 or +1");
    }
    fill(first, last, *step, geometric, element);
  }

  void fill(long long first, long long last, double step, bool geometric,
            const std::string& element) {
    const double low = static_cast<double>(first);
    const double high = static_cast<double>(last);
    const double steps = geometric ? std::log(high / low) / std::log(step) : (high - low) / step;
    if (!(steps < static_cast<double>(most_values))) too_many(element);
    for (int i = 0; i <= steps; ++i) {
      const double exact = geometric ? low * std::pow(step, i) : low + step * i;
      if (exact < high) push(std::llround(exact), element);
    }
    push(last, element);
  }

  void push(long long number, const std::string& element) {
    if (!seen_.insert(number).second) return;
    if (numbers_.size() == most_values) too_many(element);
    numbers_.push_back(number);
  }

  [[noreturn]] void too_many(const std::string& element) const {
    fail(value_, element, fmt::format("expected at most {} values", most_values));
  }

  const ConfigValue& value_;
  int cores_;
  std::vector<long long> numbers_;
  std::unordered_set<long long> seen_;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

void fail(const ConfigValue& value, const std::string& element, const std::string& expectation) {
  throw ConfigError(fmt::format("{}: {} = {}; {}", value.where, value.key, element, expectation));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> split_list(const ConfigValue& value) {
  std::vector<std::string> elements;
  std::string open;  // the closing brackets that are still to come
  std::size_t start = 0;
  const std::string& text = value.text;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '[') open += ']';
    if (c == '{') open += '}';
    if (c == '(') open += ')';
    if (!open.empty() && c == open.back()) open.pop_back();
    if (c != ',' || (!open.empty() && i < text.size())) continue;
    const std::string_view element = trim(std::string_view(text).substr(start, i - start));
    if (element.empty()) fail(value, text, "expected no empty element in the list");
    elements.emplace_back(element);
    start = i + 1;
  }
  if (!open.empty()) fail(value, text, fmt::format("expected a closing '{}'", open.back()));
  return elements;
}

std::vector<long long> integer_list(const ConfigValue& value, int cores) {
  IntegerList list(value, std::max(cores, 1));
  for (const std::string& element : split_list(value)) list.add(element);
  return list.take();
}

double duration_seconds(const ConfigValue& value) {
  struct Unit {
    std::string_view suffix;
    double seconds;
  };
  constexpr std::array<Unit, 6> units = {
      {{"ms", 1e-3}, {"us", 1e-6}, {"min", 60}, {"h", 3600}, {"s", 1}, {"", 1}}};
  const std::string_view text = value.text;
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& u) { return text.ends_with(u.suffix); });
  const auto number = parse_real(trim(text.substr(0, text.size() - unit->suffix.size())));
  const double seconds = number ? *number * unit->seconds : 0;
  if (!(seconds > 0 && seconds <= longest_seconds)) {
    fail(value, value.text, "expected a duration up to 1000h: 200us, 1ms, 90s, 5min or 1.5h");
  }
  return seconds;
}

double fraction(const ConfigValue& value) {
  const std::string_view text = value.text;
  const bool percent = text.ends_with('%');
  const auto number = parse_real(trim(text.substr(0, text.size() - (percent ? 1 : 0))));
  const double share = number ? (percent ? *number / 100 : *number) : -1;
  if (!(share >= 0 && share < 1)) {
    fail(value, value.text, "expected a share of at least 0 and below 1: 3% or 0.03");
  }
  return share;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest_word = 64;  // the distance is quadratic and nobody types this
  if (word.size() > longest_word) return {};
  std::string best;
  std::size_t best_distance = word.size();  // a word that shares nothing is not near
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(lower(word), lower(candidate));
    const std::size_t allowed = (std::max(word.size(), candidate.size()) + 1) / 3;
    if (distance <= std::max<std::size_t>(allowed, 1) && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string unknown(const std::string& what, const std::string& word, const std::string& of,
                    const std::vector<std::string>& legal) {
  const std::string near = nearest(word, legal);
  const std::string hint = near.empty() ? "" : fmt::format(" did you mean '{}'?", near);
  return fmt::format("unknown {} '{}'{};{} legal: {}", what, word, of, hint,
                     fmt::join(legal, ", "));
}

}  // namespace crossover::harness
