#include "harness/stored_value.h"

#include <cmath>
#include <fmt/format.h>
#include <stdexcept>

namespace crossover::harness {
namespace {

/// At most 60 characters of a value, on one line.
std::string excerpt(const nlohmann::ordered_json& value) {
  constexpr std::size_t longest = 60;
  const std::string text =
      value.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
  return text.size() > longest ? text.substr(0, longest) + "..." : text;
}

}  // namespace

std::string StoredValue::place() const {
  if (key_ == nullptr) return parent_;
  return parent_.empty() ? key_ : parent_ + "." + key_;
}

void StoredValue::refuse(const std::string& expectation) const {
  const std::string where = place();
  throw std::invalid_argument(fmt::format(
      "{} = {}; expected {}", where.empty() ? "the whole" : where, excerpt(value_), expectation));
}

const nlohmann::ordered_json* StoredValue::find(const char* key) const {
  if (!value_.is_object()) refuse("an object");
  const auto found = value_.find(key);
  return found == value_.end() ? nullptr : &*found;
}

StoredValue StoredValue::at(const char* key) const {
  const Json* found = find(key);
  if (found == nullptr) {
    const std::string where = place();
    throw std::invalid_argument(
        fmt::format("{}{}{} is missing", where, where.empty() ? "" : ".", key));
  }
  return {*found, place(), key};
}

std::vector<StoredValue> StoredValue::elements() const {
  if (!value_.is_array()) refuse("a list");
  const std::string where = place();
  std::vector<StoredValue> elements;
  elements.reserve(value_.size());
  for (std::size_t i = 0; i < value_.size(); ++i) {
    elements.emplace_back(value_[i], fmt::format("{}[{}]", where, i));
  }
  return elements;
}

std::vector<StoredValue::Named> StoredValue::members() const {
  if (!value_.is_object()) refuse("an object");
  const std::string where = place();
  std::vector<Named> members;
  members.reserve(value_.size());
  for (const auto& [name, value] : value_.items()) {
    const std::string shown = excerpt(name);
    members.push_back({name, StoredValue(value, fmt::format("{}[{}]", where, shown))});
  }
  return members;
}

bool StoredValue::truth() const {
  if (!value_.is_boolean()) refuse("true or false");
  return value_.get<bool>();
}

std::string StoredValue::text() const {
  if (!value_.is_string()) refuse("a text");
  return value_.get<std::string>();
}

std::int64_t StoredValue::whole(std::int64_t least, std::int64_t most) const {
  // The library would wrap what is larger than an int64_t, and cut off a fraction.
  const bool fits = value_.is_number_unsigned()
                        ? value_.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)
                        : value_.is_number_integer();
  const std::int64_t number = fits ? value_.get<std::int64_t>() : 0;
  if (fits && number >= least && number <= most) return number;
  if (most == INT64_MAX || most == INT32_MAX) {
    refuse(fmt::format("a whole number, {} or more", least));
  }
  refuse(least == most ? fmt::format("{}", least)
                       : fmt::format("a whole number in {}..{}", least, most));
}

std::size_t StoredValue::index(std::size_t size) const {
  if (size == 0) refuse("nothing, as there is nothing that it could be the number of");
  return static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(size) - 1));
}

double StoredValue::finite() const {
  if (!value_.is_number() || !std::isfinite(value_.get<double>())) refuse("a finite number");
  return value_.get<double>();
}

double StoredValue::positive() const {
  const bool right = value_.is_number() && std::isfinite(value_.get<double>());
  if (!right || value_.get<double>() <= 0) refuse("a finite number above 0");
  return value_.get<double>();
}

double StoredValue::not_negative() const {
  const bool right = value_.is_number() && std::isfinite(value_.get<double>());
  if (!right || value_.get<double>() < 0) refuse("a finite number, 0 or more");
  return value_.get<double>();
}

double StoredValue::share() const {
  const bool right = value_.is_number() && value_.get<double>() > 0 && value_.get<double>() < 1;
  if (!right) refuse("a number above 0 and below 1");
  return value_.get<double>();
}

StoredValue::Json stored_object(std::string_view text) {
  StoredValue::Json value;
  try {
    value = StoredValue::Json::parse(text);
  } catch (const StoredValue::Json::parse_error& error) {
    // nlohmann counts from 1 the byte at which it gave up, the end of the text being one more.
    throw std::invalid_argument(
        error.byte > text.size()
            ? fmt::format("not a JSON object: it ends at byte {}", text.size())
            : fmt::format("not a JSON object: unexpected byte at offset {}", error.byte - 1));
  }
  if (!value.is_object()) throw std::invalid_argument("not a JSON object");
  return value;
}

}  // namespace crossover::harness
